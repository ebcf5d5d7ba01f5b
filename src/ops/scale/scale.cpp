#include "ops/scale/scale.h"
#include "ops/support/kernel_list.h"

namespace eft {

Var scale(Context& ctx, const Var& x, const Var& factor, double constant) {
  expect(!factor || factor.shape().elements() == 1, "a factor of one element");
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = scale_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), factor.view(), constant, y.view());
  }
  return ctx.result("scale", y, {&x, &factor}, [=](Context& backward_ctx, Tensor& dy) {
    const GradView dx = x.grad_target(*backward_ctx.pool);
    const GradView dfactor = factor.grad_target(*backward_ctx.pool);
    if (const auto* kernels = scale_kernels.find(backward_ctx.device())) {
      kernels->backward(backward_ctx.stream, x.view(), factor.view(), constant, dy.view(), dx, dfactor);
    }
  });
}

namespace {

const bool listed =
    list_kernels(scale_kernels, timed<&ScaleKernels::forward>("forward"), timed<&ScaleKernels::backward>("backward"));

}  // namespace
}  // namespace eft
