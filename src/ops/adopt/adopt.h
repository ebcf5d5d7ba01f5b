#pragma once

#include <span>

#include "autograd/tape.h"
#include "ops/parameter_update/parameter_update.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// One step's constants of ADOPT (Taniguchi et al., 2024) with decoupled decay.
struct AdoptStep {
  double beta1;
  double beta2;
  double epsilon;         ///< the least that a gradient is divided by
  double clip;            ///< of a gradient that has been divided: the fourth root of the updates before
  double gradient_scale;  ///< multiplies the gradient first (clipping)
};

/// What a step reads and writes of one parameter. first, second: of the parameter's shape and dtype.
struct AdoptTensors {
  ParameterUpdate parameter;
  View first, second;
  bool begins = false;  ///< its first gradient: the second moment begins as its square, and nothing else happens
};

struct AdoptKernels {
  /// p ← p·(1 − lr·wd) − lr·m after m ← β1·m + (1 − β1)·clamp(g / max(√v, ε)); then v ← β2·v + (1 − β2)·g².
  void (*update)(Stream, const AdoptStep&, std::span<const AdoptTensors> parameters);
};
inline constinit KernelSlot<AdoptKernels> adopt_kernels{"adopt"};

}  // namespace eft
