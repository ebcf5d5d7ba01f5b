#include "ops/rms_norm/rms_norm.h"

#include <utility>

#include "ops/add/add.h"

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

/// What the forward pass makes.
struct Normalised {
  RmsNormShape shape;
  Tensor y, rstd;
};

Normalised forward(Context& ctx, const Var& x, const Var& weight, const Var& residual, const RmsNormOptions& options) {
  const RmsNormShape shape{x.shape().rows(), x.shape().columns(), options.epsilon, options.weight_offset};
  expect(!weight || weight.shape() == Shape{shape.columns}, "a weight for each column of rms_norm");
  Normalised result{shape, ctx.output(x.dtype(), x.shape()), ctx.output(accumulator_of(x.dtype()), {shape.rows})};
  if (const auto* kernels = rms_norm_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, shape, x.view(), weight.view(), residual.view(), result.y.view(), result.rstd.view());
  }
  return result;
}

}  // namespace

Var rms_norm(Context& ctx, const Var& x, const Var& weight, RmsNormOptions options) {
  const auto [shape, y, rstd] = forward(ctx, x, weight, Var(), options);
  return ctx.result("rms_norm", y, {&x, &weight}, [x, weight, shape = shape, rstd = rstd](Context& again, Tensor& dy) {
    backward(again, shape, x, weight, rstd, dy);
  });
}

Var add_rms_norm(Context& ctx, const Var& residual, const Var& x, const Var& weight, RmsNormOptions options) {
  expect(residual.shape() == x.shape() && residual.dtype() == x.dtype(), "terms of one shape and dtype");
  const auto [shape, y, rstd] = forward(ctx, x, weight, residual, options);
  return ctx.result(
      "add_rms_norm", y, {&residual, &x, &weight},
      [slot = Var(Tensor(), residual.slot()), x, weight, shape = shape, rstd = rstd](Context& again, Tensor& dy) {
        backward(again, shape, x, weight, rstd, dy);
        pass_gradient(again, slot, std::move(dy));
      });
}

}  // namespace eft
