#include "ops/linear/linear.h"

#include <vector>

namespace eft {
namespace {

/// Any tensor as a matrix of its last axis.
ConstView matrix(ConstView view) { return {view.data, view.dtype, {view.shape.rows(), view.shape.columns()}}; }
View matrix(View view) { return {view.data, view.dtype, {view.shape.rows(), view.shape.columns()}}; }

Shape with_columns(const Shape& shape, std::int64_t columns) {
  std::vector<std::int64_t> extents(shape.extents().begin(), shape.extents().end());
  extents.back() = columns;
  return Shape(std::span<const std::int64_t>(extents));
}

void backward(Context& ctx, const Var& x, const Var& weight, const Tensor& dy) {
  GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  const auto* kernels = linear_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  dx.view = matrix(dx.view);
  if (dx) kernels->backward_input(ctx.stream, matrix(dy.view()), weight.view(), dx);
  if (dweight) kernels->backward_weight(ctx.stream, matrix(dy.view()), matrix(x.view()), dweight);
}

}  // namespace

Var linear(Context& ctx, const Var& x, const Var& weight) {
  expect(weight.shape().rank() == 2 && x.shape().columns() == weight.shape()[1], "linear's input as wide as its weight");
  Tensor y = ctx.output(x.dtype(), with_columns(x.shape(), weight.shape()[0]));
  if (const auto* kernels = linear_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, matrix(x.view()), weight.view(), matrix(y.view()), false);
  }
  return ctx.result("linear", y, {&x, &weight},
                    [=](Context& backward_ctx, Tensor& dy) { backward(backward_ctx, x, weight, dy); });
}

}  // namespace eft
