#include "ops/rotary/rotary.h"

namespace eft {

Tensor rotary_table(Context& ctx, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
                    DType dtype) {
  const auto tokens = static_cast<std::int64_t>(positions.size());
  const auto half = static_cast<std::int64_t>(inverse_frequencies.size());
  Tensor table = ctx.output(dtype, {tokens, 2 * half});
  if (const auto* kernels = rotary_kernels.find(ctx.device())) {
    kernels->tabulate(ctx.stream, positions, inverse_frequencies, table.view());
  }
  return table;
}

Var rotary(Context& ctx, const Var& x, const Tensor& table) {
  expect(x.shape().rank() == 3 && x.shape()[2] % 2 == 0, "rotary takes [tokens, heads, head_dim], head_dim even");
  expect(table.shape() == Shape{x.shape()[0], x.shape()[2]}, "a row of cosines and sines for each token");
  expect(table.dtype() == accumulator_of(x.dtype()), "a table in the accumulator's dtype");
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = rotary_kernels.find(ctx.device())) {
    kernels->rotate(ctx.stream, x.view(), table.view(), false, {y.view(), false});
  }
  return ctx.result("rotary", y, {&x}, [x, table](Context& backward_ctx, Tensor& dy) {
    const GradView dx = x.grad_target(*backward_ctx.pool);
    if (const auto* kernels = rotary_kernels.find(backward_ctx.device())) {
      kernels->rotate(backward_ctx.stream, dy.const_view(), table.view(), true, dx);
    }
  });
}

}  // namespace eft
