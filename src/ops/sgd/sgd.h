#pragma once

#include <span>

#include "autograd/tape.h"
#include "ops/parameter_update/parameter_update.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// One step's constants of SGD as torch.optim.SGD defines it.
struct SgdStep {
  double momentum;
  double dampening;
  bool nesterov;
  double gradient_scale;  ///< multiplies the gradient first (clipping)
};

/// What a step reads and writes of one parameter. momentum: of the parameter's shape and dtype; absent without
/// momentum.
struct SgdTensors {
  ParameterUpdate parameter;
  View momentum{};
  bool first = false;  ///< of its updates: the momentum begins as the gradient itself, undamped
};

struct SgdKernels {
  /// All parameters at once: a device gets one launch instead of one for each tensor.
  void (*update)(Stream, const SgdStep&, std::span<const SgdTensors> parameters);
};
inline constinit KernelSlot<SgdKernels> sgd_kernels{"sgd"};

}  // namespace eft
