#include "ops/rms_norm/rms_norm.h"

namespace eft {
namespace {

void backward(Context& ctx, const RmsNormShape& shape, const Var& x, const Var& weight, const Tensor& rstd,
              const Tensor& dy) {
  Tensor partial;
  if (weight.wants_grad()) {
    const std::int64_t chunks = (shape.rows + kRmsNormPartialRows - 1) / kRmsNormPartialRows;
    partial = ctx.workspace(accumulator_of(x.dtype()), {chunks, shape.columns});
  }
  const GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  if (const auto* kernels = rms_norm_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, shape, x.view(), weight.view(), rstd.view(), dy.view(), dx, dweight, partial.view());
  }
}

}  // namespace

Var rms_norm(Context& ctx, const Var& x, const Var& weight, RmsNormOptions options) {
  const RmsNormShape shape{x.shape().rows(), x.shape().columns(), options.epsilon, options.weight_offset};
  expect(!weight || weight.shape() == Shape{shape.columns}, "a weight for each column of rms_norm");
  Tensor y = ctx.output(x.dtype(), x.shape());
  Tensor rstd = ctx.output(accumulator_of(x.dtype()), {shape.rows});
  if (const auto* kernels = rms_norm_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, shape, x.view(), weight.view(), y.view(), rstd.view());
  }
  return ctx.result("rms_norm", y, {&x, &weight}, [=](Context& backward_ctx, Tensor& dy) {
    backward(backward_ctx, shape, x, weight, rstd, dy);
  });
}

}  // namespace eft
