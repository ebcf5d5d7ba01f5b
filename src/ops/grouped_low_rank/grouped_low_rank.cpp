#include "ops/grouped_low_rank/grouped_low_rank.h"

#include <utility>

#include "ops/add/add.h"
#include "ops/low_rank/low_rank_work.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

struct Saved {
  double scale;
  Var x, a, b;
  Tensor offsets;
  Tensor inner;
  Shape stack;  ///< [groups, out, rank]
};

void backward(Context& ctx, const Saved& s, const Tensor& dy) {
  Tensor stack = ctx.workspace(s.b.dtype(), s.stack);
  Tensor dinner = ctx.workspace(s.inner.dtype(), s.inner.shape());
  const GradView dx = s.x.grad_target(*ctx.pool);
  const GradView da = s.a.grad_target(*ctx.pool);
  const GradView db = s.b.grad_target(*ctx.pool);
  Tensor dstack = s.b.wants_grad() ? ctx.workspace(db.view.dtype, s.stack) : Tensor();
  if (const auto* kernels = grouped_low_rank_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, s.scale, s.x.view(), s.a.view(), s.b.view(), s.offsets.view(), s.inner.view(),
                      dy.view(), stack.view(), dstack ? dstack.view() : View(), dinner.view(), dx, da, db);
  }
}

}  // namespace

Var grouped_low_rank(Context& ctx, Var y, const Var& x, const Var& a, const Var& b, const Tensor& offsets,
                     double scale) {
  const std::int64_t groups = offsets.shape()[0] - 1;
  const std::int64_t rank = a.shape()[0] / groups;
  expect(
      a.shape() == Shape{groups * rank, x.shape().columns()} && b.shape() == Shape{y.shape().columns(), rank * groups},
      "low-rank factors that fit the groups");
  const Shape stack_shape{groups, b.shape()[0], rank};
  Tensor inner = ctx.output(x.dtype(), {x.shape()[0], rank});
  Tensor stack = ctx.workspace(b.dtype(), stack_shape);
  Tensor sum = y.value();
  if (const auto* kernels = grouped_low_rank_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, scale, x.view(), a.view(), b.view(), offsets.view(), stack.view(), inner.view(),
                     sum.view());
  }
  y = Var(Tensor(), y.slot());  // the storage lives on as the result
  const Saved saved{scale, x, a, b, offsets, inner, stack_shape};
  return ctx.result("grouped_low_rank", sum, {&y, &x, &a, &b}, [y, saved](Context& inner_ctx, Tensor& dy) {
    backward(inner_ctx, saved, dy);
    pass_gradient(inner_ctx, y, std::move(dy));
  });
}

namespace {

const bool listed =
    list_kernels(grouped_low_rank_kernels,
                 timed<&GroupedLowRankKernels::forward>(
                     "forward", [](Stream, double, ConstView x, ConstView a, ConstView b, ConstView, View, View inner,
                                   View) { return low_rank_work(x, a, b, inner, 1, 1); }),
                 timed<&GroupedLowRankKernels::backward>(
                     "backward", [](Stream, double, ConstView x, ConstView a, ConstView b, ConstView, ConstView inner,
                                    ConstView, View, View, View, GradView dx, GradView da, GradView db) {
                       return low_rank_work(x, a, b, inner, (dx ? 1 : 0) + (da ? 1 : 0), db ? 2 : 1);
                     }));

}  // namespace
}  // namespace eft
