#pragma once

#include <span>

#include "autograd/tape.h"
#include "ops/parameter_update/parameter_update.h"
#include "ops/state_codes/state_codes.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// One step's constants of Lion (Chen et al., 2023).
struct LionStep {
  double beta1;
  double beta2;
  double gradient_scale;  ///< multiplies the gradient first (clipping)
};

/// What a step reads and writes of one parameter. The moment is whole, of the parameter's shape and dtype, or in codes.
struct LionTensors {
  ParameterUpdate parameter;
  View moment{};
  CodedState coded{};
};

struct LionKernels {
  /// p ← p·(1 − lr·wd) − lr·sign(β1·m + (1 − β1)·g);  m ← β2·m + (1 − β2)·g. All parameters have whole moments.
  void (*update)(Stream, const LionStep&, std::span<const LionTensors> parameters);
  /// The same, of parameters whose moments are in bitsandbytes' codes.
  void (*update_coded)(Stream, const LionStep&, std::span<const LionTensors> parameters);
};
inline constinit KernelSlot<LionKernels> lion_kernels{"lion"};

}  // namespace eft
