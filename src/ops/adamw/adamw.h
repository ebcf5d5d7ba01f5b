#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// One step's constants of AdamW as torch.optim.AdamW defines it.
struct AdamwStep {
  double learning_rate;
  double beta1;
  double beta2;
  double epsilon;
  double weight_decay;
  std::int64_t step;      ///< 1 for the first
  double gradient_scale;  ///< multiplies the gradient first (clipping)
};

/// What a step reads and writes of one parameter. exact, gradient, first, second: one shape, f32 or f64.
struct AdamwTensors {
  ConstView gradient;
  View exact, first, second;
  View rounded;     ///< the bf16 copy of `exact` to refresh, or absent
  double clip = 0;  ///< the updated values are held within ±clip; 0: no bound
};

/// Both take all parameters at once: a device gets one launch, and is waited for once, instead of one for each tensor.
struct AdamwKernels {
  void (*update)(Stream, const AdamwStep&, std::span<const AdamwTensors> parameters);
  /// Σ gradient² over all of them, in double, in an order that does not depend on threads. Waits for the device.
  double (*squared_norm)(Stream, std::span<const ConstView> gradients);
};
inline constinit KernelSlot<AdamwKernels> adamw_kernels{"adamw"};

}  // namespace eft
