#include "ops/gelu/gelu.h"

#include "ops/support/kernel_list.h"

namespace eft {

Var gelu(Context& ctx, const Var& x) {
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = gelu_kernels.find(ctx.device())) kernels->forward(ctx.stream, x.view(), y.view());
  return ctx.result("gelu", y, {&x}, [=](Context& inner, Tensor& dy) {
    const GradView dx = x.grad_target(*inner.pool);
    const auto* kernels = gelu_kernels.find(inner.device());
    if (kernels != nullptr && dx) kernels->backward(inner.stream, x.view(), dy.view(), dx);
  });
}

namespace {

const bool listed =
    list_kernels(gelu_kernels, timed<&GeluKernels::forward>("forward"), timed<&GeluKernels::backward>("backward"));

}  // namespace
}  // namespace eft
