#include "ops/match_rms/match_rms.h"
#include "ops/support/kernel_list.h"

namespace eft {

Var match_rms(Context& ctx, const Var& x, const Var& reference) {
  expect(x.shape() == reference.shape() && x.dtype() == reference.dtype(), "x and reference of one shape and dtype");
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = match_rms_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), reference.view(), y.view());
  }
  return ctx.result("match_rms", y, {&x, &reference}, [=](Context& inner, Tensor& dy) {
    const GradView dx = x.grad_target(*inner.pool);
    const GradView dreference = reference.grad_target(*inner.pool);
    if (const auto* kernels = match_rms_kernels.find(inner.device())) {
      kernels->backward(inner.stream, x.view(), reference.view(), dy.view(), dx, dreference);
    }
  });
}

namespace {

const bool listed = list_kernels(match_rms_kernels, timed<&MatchRmsKernels::forward>("forward"),
                                 timed<&MatchRmsKernels::backward>("backward"));

}  // namespace
}  // namespace eft
