#include "ops/layer_norm/layer_norm.h"

#include "ops/support/kernel_list.h"
#include "ops/support/matrix.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& x, const Var& weight, const Var& bias, const Tensor& stats, const Tensor& dy) {
  Tensor partial;
  if (weight.wants_grad() || bias.wants_grad()) {
    partial = ctx.workspace(stats.dtype(), {2 * layer_norm_chunks(stats.shape()[0]), x.shape().columns()});
  }
  const GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  const GradView dbias = bias.grad_target(*ctx.pool);
  if (const auto* kernels = layer_norm_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, matrix(x.view()), weight.view(), stats.view(), matrix(dy.const_view()), matrix(dx),
                      dweight, dbias, partial.view());
  }
}

}  // namespace

Var layer_norm(Context& ctx, const Var& x, const Var& weight, const Var& bias, double epsilon) {
  const Shape columns{x.shape().columns()};
  expect(weight.shape() == columns && bias.shape() == columns, "a weight and a bias for each column of layer_norm");
  Tensor y = ctx.output(x.dtype(), x.shape());
  Tensor stats = ctx.output(accumulator_of(x.dtype()), {x.shape().rows(), 2});
  if (const auto* kernels = layer_norm_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, epsilon, matrix(x.view()), weight.view(), bias.view(), matrix(y.view()), stats.view());
  }
  return ctx.result("layer_norm", y, {&x, &weight, &bias},
                    [=](Context& inner, Tensor& dy) { backward(inner, x, weight, bias, stats, dy); });
}

namespace {

const bool listed = list_kernels(layer_norm_kernels, timed<&LayerNormKernels::forward>("forward"),
                                 timed<&LayerNormKernels::backward>("backward"));

}  // namespace
}  // namespace eft
