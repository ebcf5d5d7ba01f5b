#include "ops/dropout/dropout.h"
#include "ops/support/kernel_list.h"

namespace eft {

Var dropout(Context& ctx, const Var& x, double probability) {
  expect(probability >= 0.0 && probability < 1.0, "a dropout probability in [0, 1)");
  if (probability == 0.0 || !ctx.training) return x;
  const DropoutShape shape{probability, ctx.dropout_seed, ctx.dropout_counter};
  ctx.dropout_counter += static_cast<std::uint64_t>((x.shape().elements() + 3) / 4);
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = dropout_kernels.find(ctx.device())) {
    kernels->apply(ctx.stream, shape, x.view(), {y.view(), false});
  }
  return ctx.result("dropout", y, {&x}, [=](Context& backward_ctx, Tensor& dy) {
    const GradView dx = x.grad_target(*backward_ctx.pool);
    if (const auto* kernels = dropout_kernels.find(backward_ctx.device())) {
      kernels->apply(backward_ctx.stream, shape, dy.view(), dx);
    }
  });
}

namespace {

const bool listed = list_kernels(dropout_kernels, timed<&DropoutKernels::apply>("apply"));

}  // namespace
}  // namespace eft
