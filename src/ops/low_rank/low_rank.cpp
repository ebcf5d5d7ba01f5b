#include "ops/low_rank/low_rank.h"

#include <utility>

#include "ops/add/add.h"
#include "ops/linear/linear.h"
#include "ops/low_rank/low_rank_work.h"
#include "ops/support/kernel_list.h"
#include "ops/support/matrix.h"

namespace eft {
namespace {

/// What a backward pass needs. weight: absent for the term alone.
struct Operands {
  Var x;
  Weight weight;
  Var a, b;
  double scale;
  Tensor inner;

  WeightView weight_view() const { return weight ? weight.view() : WeightView(); }
};

void check_factors(const Var& x, const Var& a, const Var& b, std::int64_t out) {
  expect(a.shape()[0] == b.shape()[1] && a.shape()[1] == x.shape().columns() && b.shape()[0] == out,
         "low-rank factors that fit the linear");
}

void forward(Context& ctx, Operands& o, Tensor& y) {
  o.inner = ctx.output(o.x.dtype(), {o.x.shape().rows(), o.a.shape()[0]});
  if (const auto* kernels = low_rank_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, o.scale, matrix(o.x.view()), o.weight_view(), o.a.view(), o.b.view(), o.inner.view(),
                     matrix(y.view()));
  }
}

void backward(Context& ctx, const Operands& o, const Tensor& dy) {
  Tensor dinner = ctx.workspace(o.inner.dtype(), o.inner.shape());
  const GradView dx = o.x.grad_target(*ctx.pool);
  const GradView da = o.a.grad_target(*ctx.pool);
  const GradView db = o.b.grad_target(*ctx.pool);
  if (const auto* kernels = low_rank_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, o.scale, matrix(o.x.view()), o.weight_view(), o.a.view(), o.b.view(), o.inner.view(),
                      matrix(dy.view()), dinner.view(), matrix(dx), da, db);
  }
}

}  // namespace

Var low_rank(Context& ctx, Var y, const Var& x, const Var& a, const Var& b, double scale) {
  check_factors(x, a, b, y.shape().columns());
  Operands operands{x, Weight(), a, b, scale, Tensor()};
  Tensor sum = y.value();
  forward(ctx, operands, sum);
  y = Var(Tensor(), y.slot());  // the storage lives on as the result
  return ctx.result("low_rank", sum, {&y, &x, &a, &b}, [=](Context& backward_ctx, Tensor& dy) {
    backward(backward_ctx, operands, dy);
    pass_gradient(backward_ctx, y, std::move(dy));
  });
}

Var linear_with_low_rank(Context& ctx, const Var& x, const Weight& weight, const Var& a, const Var& b, double scale) {
  expect(weight.shape().rank() == 2 && x.shape().columns() == weight.shape()[1],
         "linear's input as wide as its weight");
  check_factors(x, a, b, weight.shape()[0]);
  Operands operands{x, weight, a, b, scale, Tensor()};
  Tensor y = ctx.output(x.dtype(), with_columns(x.shape(), weight.shape()[0]));
  forward(ctx, operands, y);
  return ctx.result("linear_with_low_rank", y, {&x, &weight.var(), &a, &b}, [=](Context& backward_ctx, Tensor& dy) {
    backward(backward_ctx, operands, dy);
    const GradView dweight = weight.grad_target(*backward_ctx.pool);
    const auto* kernels = linear_kernels.find(backward_ctx.device());
    if (!dweight || kernels == nullptr) return;
    kernels->backward_weight(backward_ctx.stream, matrix(dy.const_view()), matrix(x.view()), dweight);
  });
}

namespace {

const bool listed = list_kernels(
    low_rank_kernels,
    timed<&LowRankKernels::forward>(
        "forward",
        [](Stream, double, ConstView x, const WeightView& weight, ConstView a, ConstView b, View inner, View) {
          const KernelWork term = low_rank_work(x, a, b, inner, 1, 1);
          return weight ? with_product(term, x.shape[0], weight.shape[0], weight.shape[1]) : term;
        }),
    timed<&LowRankKernels::backward>(
        "backward", [](Stream, double, ConstView x, const WeightView& weight, ConstView a, ConstView b, ConstView inner,
                       ConstView, View, GradView dx, GradView da, GradView db) {
          const KernelWork term = low_rank_work(x, a, b, inner, (dx ? 1 : 0) + (da ? 1 : 0), db ? 2 : 1);
          return weight && dx ? with_product(term, x.shape[0], weight.shape[1], weight.shape[0]) : term;
        }));

}  // namespace
}  // namespace eft
