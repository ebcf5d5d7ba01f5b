#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: any one shape and dtype.
struct GeluKernels {
  void (*forward)(Stream, ConstView x, View y);
  /// dx = dy · the derivative at x.
  void (*backward)(Stream, ConstView x, ConstView dy, GradView dx);
};
inline constinit KernelSlot<GeluKernels> gelu_kernels{"gelu"};

/// y = ½x(1 + tanh(√(2/π)(x + 0.044715·x³))), computed in f32 (f64 for f64) and rounded once. Gradient for x. Source:
/// Transformers' gelu_pytorch_tanh.
Var gelu(Context& ctx, const Var& x);

}  // namespace eft
