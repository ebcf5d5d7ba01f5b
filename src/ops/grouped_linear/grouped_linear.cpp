#include "ops/grouped_linear/grouped_linear.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& x, const Weight& weight, const Tensor& offsets, const Tensor& dy) {
  GradView dx = x.grad_target(*ctx.pool);
  dx.view.shape = {dy.shape()[0], weight.shape()[2]};  // x itself may be gone
  const GradView dweight = weight.grad_target(*ctx.pool);
  const auto* kernels = grouped_linear_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  if (dx) kernels->backward_input(ctx.stream, dy.view(), weight.view(), offsets.view(), dx);
  if (dweight) kernels->backward_weight(ctx.stream, dy.view(), x.view(), offsets.view(), dweight);
}

}  // namespace

Var grouped_linear(Context& ctx, const Var& x, const Weight& weight, const Tensor& offsets) {
  const Shape& w = weight.shape();
  expect(x.shape().rank() == 2 && w.rank() == 3 && x.shape()[1] == w[2],
         "grouped_linear's input as wide as its weight");
  expect(offsets.dtype() == DType::i32 && offsets.shape() == Shape{w[0] + 1}, "rows of each group");
  Tensor y = ctx.output(x.dtype(), {x.shape()[0], w[1]});
  if (const auto* kernels = grouped_linear_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), weight.view(), offsets.view(), y.view());
  }
  const Var kept = weight.wants_grad() ? x : Var(Tensor(), x.slot());  // a frozen weight does not need x again
  return ctx.result("grouped_linear", y, {&x, &weight.var()}, [kept, weight, offsets](Context& inner, Tensor& dy) {
    backward(inner, kept, weight, offsets, dy);
  });
}

namespace {

const bool listed = list_kernels(
    grouped_linear_kernels,
    timed<&GroupedLinearKernels::forward>("forward",
                                          [](Stream, ConstView x, const WeightView& weight, ConstView, View) {
                                            return product_work(x.shape[0], weight.shape[1], weight.shape[2],
                                                                both_bf16(x.dtype, weight.dtype));
                                          }),
    timed<&GroupedLinearKernels::backward_input>(
        "backward_input",
        [](Stream, ConstView dy, const WeightView& weight, ConstView, GradView) {
          return product_work(dy.shape[0], weight.shape[2], weight.shape[1], both_bf16(dy.dtype, weight.dtype));
        }),
    timed<&GroupedLinearKernels::backward_weight>(
        "backward_weight", [](Stream, ConstView dy, ConstView x, ConstView, GradView) {
          return product_work(dy.shape[1], x.shape[1], dy.shape[0], both_bf16(dy.dtype, x.dtype));
        }));

}  // namespace
}  // namespace eft
