#include "ops/softcap/softcap.h"
#include "ops/support/kernel_list.h"

namespace eft {

Var softcap(Context& ctx, const Var& x, double cap) {
  expect(cap > 0, "a positive cap");
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = softcap_kernels.find(ctx.device())) kernels->forward(ctx.stream, x.view(), cap, y.view());
  return ctx.result("softcap", y, {&x}, [x, cap](Context& backward_ctx, Tensor& dy) {
    const GradView dx = x.grad_target(*backward_ctx.pool);
    if (const auto* kernels = softcap_kernels.find(backward_ctx.device())) {
      kernels->backward(backward_ctx.stream, x.view(), cap, dy.view(), dx);
    }
  });
}

namespace {

const bool listed = list_kernels(softcap_kernels, timed<&SoftcapKernels::forward>("forward"),
                                 timed<&SoftcapKernels::backward>("backward"));

}  // namespace
}  // namespace eft
