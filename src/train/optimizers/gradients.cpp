#include "train/optimizers/gradients.h"

#include <algorithm>
#include <cmath>

#include "ops/gradients/gradients.h"

namespace eft {

double gradient_norm(Context& ctx, const ParameterStore& parameters) {
  const auto* kernels = gradient_kernels.find(ctx.device());
  if (kernels == nullptr) return 0;
  std::vector<ConstView> gradients;
  for (const Parameter& parameter : parameters) {
    if (parameter.trainable() && parameter.grad->filled) gradients.push_back(parameter.grad->tensor.const_view());
  }
  return std::sqrt(kernels->squared_norm(ctx.stream, gradients));
}

double clip_factor(double norm, double max_norm) {
  return max_norm > 0 ? std::min(1.0, max_norm / (norm + 1e-6)) : 1.0;
}

void discard_gradients(ParameterStore& parameters) {
  for (Parameter& parameter : parameters) {
    if (parameter.trainable()) parameter.grad->filled = false;
  }
}

}  // namespace eft
