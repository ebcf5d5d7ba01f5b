#pragma once

#include <span>

#include "ops/sgd/sgd.h"

namespace eft {

/// p ← p·(1 − lr·wd) − lr·d for parameters in whose gradients' places directions d stand.
inline void apply_directions(Context& ctx, std::span<const SgdTensors> parameters) {
  const auto* kernels = sgd_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  kernels->update(ctx.stream, {.momentum = 0, .dampening = 0, .nesterov = false, .gradient_scale = 1}, parameters);
}

}  // namespace eft
