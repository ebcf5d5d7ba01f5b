#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: any shape; factor: [1] in x's dtype.
struct ScaleKernels {
  void (*forward)(Stream, ConstView x, ConstView factor, double constant, View y);
  /// dx = dy·factor·constant; dfactor = constant·Σ dy·x.
  void (*backward)(Stream, ConstView x, ConstView factor, double constant, ConstView dy, GradView dx, GradView dfactor);
};
inline constinit KernelSlot<ScaleKernels> scale_kernels{"scale"};

/// y = x·factor·constant. factor: a tensor of one element (Gemma 4's layer_scalar), or an empty Var for 1.
/// Gradients for x and factor.
Var scale(Context& ctx, const Var& x, const Var& factor, double constant = 1.0);

}  // namespace eft
