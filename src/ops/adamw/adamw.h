#pragma once

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
  double clip = 0;        ///< the updated values are held within ±clip; 0: no bound
};

/// exact, gradient, first, second: one shape, f32 or f64; rounded: the bf16 copy of `exact` to refresh, or absent.
struct AdamwKernels {
  void (*update)(Stream, const AdamwStep&, ConstView gradient, View exact, View first, View second, View rounded);
  /// Σ gradient², in double, in an order that does not depend on threads.
  double (*squared_norm)(Stream, ConstView gradient);
};
inline constinit KernelSlot<AdamwKernels> adamw_kernels{"adamw"};

}  // namespace eft
