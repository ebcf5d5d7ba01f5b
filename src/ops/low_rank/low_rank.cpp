#include "ops/low_rank/low_rank.h"

#include <utility>

#include "ops/add/add.h"

namespace eft {
namespace {

ConstView matrix(ConstView view) { return {view.data, view.dtype, {view.shape.rows(), view.shape.columns()}}; }
View matrix(View view) { return {view.data, view.dtype, {view.shape.rows(), view.shape.columns()}}; }

void backward(Context& ctx, double scale, const Var& x, const Var& a, const Var& b, const Tensor& inner,
              const Tensor& dy) {
  Tensor dinner = ctx.workspace(inner.dtype(), inner.shape());
  GradView dx = x.grad_target(*ctx.pool);
  dx.view = matrix(dx.view);
  const GradView da = a.grad_target(*ctx.pool);
  const GradView db = b.grad_target(*ctx.pool);
  if (const auto* kernels = low_rank_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, scale, matrix(x.view()), a.view(), b.view(), inner.view(), matrix(dy.view()),
                      dinner.view(), dx, da, db);
  }
}

}  // namespace

Var low_rank(Context& ctx, Var y, const Var& x, const Var& a, const Var& b, double scale) {
  expect(a.shape()[0] == b.shape()[1] && a.shape()[1] == x.shape().columns() && b.shape()[0] == y.shape().columns(),
         "low-rank factors that fit the linear");
  Tensor inner = ctx.output(x.dtype(), {x.shape().rows(), a.shape()[0]});
  Tensor sum = y.value();
  if (const auto* kernels = low_rank_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, scale, matrix(x.view()), a.view(), b.view(), inner.view(), matrix(sum.view()));
  }
  y = Var(Tensor(), y.slot());  // the storage lives on as the result
  return ctx.result("low_rank", sum, {&y, &x, &a, &b}, [=](Context& backward_ctx, Tensor& dy) {
    backward(backward_ctx, scale, x, a, b, inner, dy);
    pass_gradient(backward_ctx, y, std::move(dy));
  });
}

}  // namespace eft
