#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// What Muon (Jordan et al., 2024) does beside products of matrices. All tensors: f32 or f64, of one shape each call.
struct MuonKernels {
  /// buffer ← μ·buffer + s·g;  g ← s·g + μ·buffer after Nesterov, else buffer.
  void (*momentum)(Stream, double mu, bool nesterov, double gradient_scale, View g, View buffer);
  /// x ← x / (‖x‖ + ε) over all of x.
  void (*normalise)(Stream, double epsilon, View x);
  /// y ← a·x + b·y.
  void (*combine)(Stream, double a, ConstView x, double b, View y);
};
inline constinit KernelSlot<MuonKernels> muon_kernels{"muon"};

/// Turns a matrix [n, m] into the nearest one whose singular values are about 1, by `steps` Newton–Schulz steps of the
/// fifth order; x holds it afterwards. Takes 2·min(n, m)² + n·m elements of the pool meanwhile.
void orthogonalise(Context& ctx, Tensor& x, std::int64_t steps);

}  // namespace eft
