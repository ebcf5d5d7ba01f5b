#include "ops/multiply/multiply.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& x, const Var& weight, const Tensor& dy) {
  Tensor partial;
  if (weight.wants_grad()) {
    const std::int64_t chunks = (x.shape().rows() + kMultiplyPartialRows - 1) / kMultiplyPartialRows;
    partial = ctx.workspace(accumulator_of(x.dtype()), {chunks, x.shape().columns()});
  }
  const GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  if (const auto* kernels = multiply_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, x.view(), weight.view(), dy.view(), dx, dweight, partial.view());
  }
}

}  // namespace

Var multiply(Context& ctx, const Var& x, const Var& weight) {
  expect(weight.shape() == Shape{x.shape().columns()} && weight.dtype() == x.dtype(), "a weight for each column");
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = multiply_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), weight.view(), y.view());
  }
  return ctx.result("multiply", y, {&x, &weight}, [=](Context& inner, Tensor& dy) { backward(inner, x, weight, dy); });
}

namespace {

const bool listed = list_kernels(multiply_kernels, timed<&MultiplyKernels::forward>("forward"),
                                 timed<&MultiplyKernels::backward>("backward"));

}  // namespace
}  // namespace eft
