#include "ops/grouped_linear/grouped_linear.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& x, const Var& weight, const Tensor& offsets, const Tensor& dy) {
  GradView dx = x.grad_target(*ctx.pool);
  dx.view.shape = {dy.shape()[0], weight.shape()[2]};  // x itself may be gone
  const GradView dweight = weight.grad_target(*ctx.pool);
  const auto* kernels = grouped_linear_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  if (dx) kernels->backward_input(ctx.stream, dy.view(), weight.view(), offsets.view(), dx);
  if (dweight) kernels->backward_weight(ctx.stream, dy.view(), x.view(), offsets.view(), dweight);
}

}  // namespace

Var grouped_linear(Context& ctx, const Var& x, const Var& weight, const Tensor& offsets) {
  const Shape& w = weight.shape();
  expect(x.shape().rank() == 2 && w.rank() == 3 && x.shape()[1] == w[2],
         "grouped_linear's input as wide as its weight");
  expect(offsets.dtype() == DType::i32 && offsets.shape() == Shape{w[0] + 1}, "rows of each group");
  Tensor y = ctx.output(x.dtype(), {x.shape()[0], w[1]});
  if (const auto* kernels = grouped_linear_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), weight.view(), offsets.view(), y.view());
  }
  const Var kept = weight.wants_grad() ? x : Var(Tensor(), x.slot());  // a frozen weight does not need x again
  return ctx.result("grouped_linear", y, {&x, &weight}, [kept, weight, offsets](Context& inner, Tensor& dy) {
    backward(inner, kept, weight, offsets, dy);
  });
}

}  // namespace eft
