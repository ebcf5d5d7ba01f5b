#include "ops/linear/linear.h"

#include "ops/support/kernel_list.h"
#include "ops/support/matrix.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& x, const Weight& weight, const Tensor& dy) {
  const GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  const auto* kernels = linear_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  if (dx) kernels->backward_input(ctx.stream, matrix(dy.view()), weight.view(), matrix(dx));
  if (dweight) kernels->backward_weight(ctx.stream, matrix(dy.view()), matrix(x.view()), dweight);
}

/// With the weight the other way round, what leads forward and what leads back change places.
void backward_input_first(Context& ctx, const Var& x, const Var& weight, const Tensor& dy) {
  const GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  const auto* kernels = linear_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  if (dx) kernels->forward(ctx.stream, matrix(dy.view()), weight.view(), matrix(dx).view, dx.accumulate);
  if (dweight) kernels->backward_weight(ctx.stream, matrix(x.view()), matrix(dy.view()), dweight);
}

}  // namespace

Var linear(Context& ctx, const Var& x, const Weight& weight) {
  expect(weight.shape().rank() == 2 && x.shape().columns() == weight.shape()[1],
         "linear's input as wide as its weight");
  Tensor y = ctx.output(x.dtype(), with_columns(x.shape(), weight.shape()[0]));
  if (const auto* kernels = linear_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, matrix(x.view()), weight.view(), matrix(y.view()), false);
  }
  return ctx.result("linear", y, {&x, &weight.var()},
                    [=](Context& backward_ctx, Tensor& dy) { backward(backward_ctx, x, weight, dy); });
}

Var linear_input_first(Context& ctx, const Var& x, const Var& weight) {
  expect(weight.shape().rank() == 2 && x.shape().columns() == weight.shape()[0],
         "linear's input as wide as its weight");
  Tensor y = ctx.output(x.dtype(), with_columns(x.shape(), weight.shape()[1]));
  if (const auto* kernels = linear_kernels.find(ctx.device())) {
    kernels->backward_input(ctx.stream, matrix(x.view()), weight.view(), {matrix(y.view()), false});
  }
  return ctx.result("linear_input_first", y, {&x, &weight},
                    [=](Context& backward_ctx, Tensor& dy) { backward_input_first(backward_ctx, x, weight, dy); });
}

namespace {

const bool listed = list_kernels(
    linear_kernels,
    timed<&LinearKernels::forward>("forward",
                                   [](Stream, ConstView x, const WeightView& weight, View, bool) {
                                     return product_work(x.shape[0], weight.shape[0], weight.shape[1],
                                                         both_bf16(x.dtype, weight.dtype));
                                   }),
    timed<&LinearKernels::backward_input>("backward_input",
                                          [](Stream, ConstView dy, const WeightView& weight, GradView) {
                                            return product_work(dy.shape[0], weight.shape[1], weight.shape[0],
                                                                both_bf16(dy.dtype, weight.dtype));
                                          }),
    timed<&LinearKernels::backward_weight>("backward_weight", [](Stream, ConstView dy, ConstView x, GradView) {
      return product_work(dy.shape[1], x.shape[1], dy.shape[0], both_bf16(dy.dtype, x.dtype));
    }));

}  // namespace
}  // namespace eft
