#include "ops/gaussian_topk/gaussian_topk.h"
#include "ops/support/kernel_list.h"

#include <cmath>
#include <numbers>

namespace eft {

double normal_quantile(double share) {
  expect(share > 0 && share < 1, "a share between 0 and 1");
  double low = -40, high = 40;
  while (true) {  // bisection to the last bit; called once a layer
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) return middle;
    const bool below = middle < 0 ? std::erfc(-middle / std::numbers::sqrt2) / 2 < share
                                  : std::erfc(middle / std::numbers::sqrt2) / 2 > 1 - share;
    (below ? low : high) = middle;
  }
}

Var gaussian_topk(Context& ctx, const Var& x, double sparsity) {
  const double deviations = normal_quantile(sparsity);
  Tensor y = ctx.output(x.dtype(), x.shape());
  if (const auto* kernels = gaussian_topk_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), deviations, y.view());
  }
  return ctx.result("gaussian_topk", y, {&x}, [=](Context& inner, Tensor& dy) {
    const GradView dx = x.grad_target(*inner.pool);
    if (const auto* kernels = gaussian_topk_kernels.find(inner.device())) {
      kernels->backward(inner.stream, x.view(), deviations, dy.view(), dx);
    }
  });
}

namespace {

const bool listed = list_kernels(gaussian_topk_kernels, timed<&GaussianTopkKernels::forward>("forward"),
                                 timed<&GaussianTopkKernels::backward>("backward"));

}  // namespace
}  // namespace eft
