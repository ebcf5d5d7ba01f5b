#pragma once

#include <span>

#include "autograd/tape.h"
#include "ops/parameter_update/parameter_update.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// One step's constants of AdamW as torch.optim.AdamW defines it.
struct AdamwStep {
  double beta1;
  double beta2;
  double epsilon;
  std::int64_t step;      ///< 1 for the first
  double gradient_scale;  ///< multiplies the gradient first (clipping)
};

/// What a step reads and writes of one parameter. first, second: of the parameter's shape and dtype.
struct AdamwTensors {
  ParameterUpdate parameter;
  View first, second;
};

struct AdamwKernels {
  /// All parameters at once: a device gets one launch instead of one for each tensor.
  void (*update)(Stream, const AdamwStep&, std::span<const AdamwTensors> parameters);
};
inline constinit KernelSlot<AdamwKernels> adamw_kernels{"adamw"};

}  // namespace eft
