#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// What a step asks of all gradients together, whatever optimizer reads them.
struct GradientKernels {
  /// Σ gradient² over all of them, in double, in an order that does not depend on threads. Waits for the device, once.
  double (*squared_norm)(Stream, std::span<const ConstView> gradients);
};
inline constinit KernelSlot<GradientKernels> gradient_kernels{"gradients"};

}  // namespace eft
