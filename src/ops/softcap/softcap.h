#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: any one shape and dtype.
struct SoftcapKernels {
  void (*forward)(Stream, ConstView x, double cap, View y);
  /// dx = dy·(1 − tanh²(x/cap)).
  void (*backward)(Stream, ConstView x, double cap, ConstView dy, GradView dx);
};
inline constinit KernelSlot<SoftcapKernels> softcap_kernels{"softcap"};

/// y = cap·tanh(x/cap), computed in f32 (f64 for f64) and rounded once. Gradient for x. Throws InternalError unless cap
/// is positive. Source: architecture.md of the models, D.1 "logits".
Var softcap(Context& ctx, const Var& x, double cap);

}  // namespace eft
