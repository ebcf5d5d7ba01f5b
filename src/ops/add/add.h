#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// All of one shape and dtype.
struct AddKernels {
  /// y = (a + b)·factor. y may be a or b.
  void (*forward)(Stream, ConstView a, ConstView b, double factor, View y);
  /// dx = dy·factor.
  void (*backward)(Stream, ConstView dy, double factor, GradView dx);
};
inline constinit KernelSlot<AddKernels> add_kernels{"add"};

/// y = (a + b)·factor, for a constant factor. Gradients for a and b.
Var add(Context& ctx, const Var& a, const Var& b, double factor = 1.0);

/// Hands `gradient` on to `target`: moved when it is the first and nobody else holds it, else added. It must not be used
/// afterwards. Does nothing when `target` wants no gradient.
void pass_gradient(Context& ctx, const Var& target, Tensor&& gradient);

}  // namespace eft
