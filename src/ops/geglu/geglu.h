#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// All of one dtype, and of one shape where they are not packed.
struct GegluKernels {
  /// y = gelu(gate)·up.
  void (*forward)(Stream, ConstView gate, ConstView up, View y);
  /// dgate = dy·up·gelu′(gate), dup = dy·gelu(gate).
  void (*backward)(Stream, ConstView gate, ConstView up, ConstView dy, GradView dgate, GradView dup);
  /// The same for gate and up in one row: gate_up, dgate_up: [rows, 2·width], the gate first; y, dy: [rows, width].
  void (*packed_forward)(Stream, ConstView gate_up, View y);
  void (*packed_backward)(Stream, ConstView gate_up, ConstView dy, GradView dgate_up);
};
inline constinit KernelSlot<GegluKernels> geglu_kernels{"geglu"};

/// y = gelu_tanh(gate) ⊙ up, computed in f32 (f64 for f64) and rounded once; gelu_tanh(x) = ½x(1 + tanh(√(2/π)(x +
/// 0.044715·x³))). gate, up: any equal shape. Gradients for both, from gate and up alone. Throws InternalError when
/// they differ in shape or dtype. Source: architecture.md of the models, D.1 "Gated MLP".
Var geglu(Context& ctx, const Var& gate, const Var& up);

/// The same of a packed projection: gate_up: [rows, 2·width] with the gate in the first half of each row and up in the
/// second; result: [rows, width].
Var geglu(Context& ctx, const Var& gate_up);

}  // namespace eft
