#include "ops/moe_rows/moe_rows.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

void combine_backward(Context& ctx, const Var& rows, const Var& weights, const ExpertRouting& routing,
                      const Tensor& dy) {
  const GradView drows = rows.grad_target(*ctx.pool);
  const GradView dweights = weights.grad_target(*ctx.pool);
  if (const auto* kernels = moe_rows_kernels.find(ctx.device())) {
    kernels->combine_backward(ctx.stream, rows.view(), weights.view(), views_of(routing), dy.view(), drows, dweights);
  }
}

}  // namespace

Var moe_gather(Context& ctx, const Var& x, const ExpertRouting& routing) {
  expect(x.shape().rank() == 2 && x.shape()[0] == routing.tokens(), "a row for each routed token");
  Tensor rows = ctx.output(x.dtype(), {routing.rows(), x.shape()[1]});
  if (const auto* kernels = moe_rows_kernels.find(ctx.device())) {
    kernels->gather(ctx.stream, x.view(), views_of(routing), rows.view());
  }
  const Var slot_of_x(Tensor(), x.slot());
  return ctx.result("moe_gather", rows, {&x}, [slot_of_x, routing](Context& inner, Tensor& drows) {
    const GradView dx = slot_of_x.grad_target(*inner.pool);
    if (const auto* kernels = moe_rows_kernels.find(inner.device())) {
      kernels->gather_backward(inner.stream, drows.view(), views_of(routing), dx);
    }
  });
}

Var moe_combine(Context& ctx, const Var& rows, const Var& weights, const ExpertRouting& routing) {
  expect(rows.shape().rank() == 2 && rows.shape()[0] == routing.rows(), "a row for each routed choice");
  expect(weights.shape() == routing.chosen.shape() && weights.dtype() == accumulator_of(rows.dtype()),
         "a weight in the accumulator dtype for each routed choice");
  Tensor y = ctx.output(rows.dtype(), {routing.tokens(), rows.shape()[1]});
  if (const auto* kernels = moe_rows_kernels.find(ctx.device())) {
    kernels->combine(ctx.stream, rows.view(), weights.view(), views_of(routing), y.view());
  }
  return ctx.result("moe_combine", y, {&rows, &weights}, [rows, weights, routing](Context& inner, Tensor& dy) {
    combine_backward(inner, rows, weights, routing, dy);
  });
}

namespace {

const bool listed =
    list_kernels(moe_rows_kernels, timed<&MoeRowsKernels::gather>("gather"),
                 timed<&MoeRowsKernels::gather_backward>("gather_backward"), timed<&MoeRowsKernels::combine>("combine"),
                 timed<&MoeRowsKernels::combine_backward>("combine_backward"));

}  // namespace
}  // namespace eft
