#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x: [rows, in]; a: [rank, in]; b: [out, rank]; y, dy: [rows, out]; inner = scale·x·aᵀ: [rows, rank].
struct LowRankKernels {
  /// Fills `inner` and adds inner·bᵀ to y.
  void (*forward)(Stream, double scale, ConstView x, ConstView a, ConstView b, View inner, View y);
  /// dinner = scale·dy·b (scratch [rows, rank]); dx = dinner·a; da = dinnerᵀ·x; db = dyᵀ·inner.
  void (*backward)(Stream, double scale, ConstView x, ConstView a, ConstView b, ConstView inner, ConstView dy,
                   View dinner, GradView dx, GradView da, GradView db);
};
inline constinit KernelSlot<LowRankKernels> low_rank_kernels{"low_rank"};

/// y + scale·(x·aᵀ)·bᵀ, written into y's own storage, which nobody else may read afterwards: the low-rank term of an
/// adapted linear. Gradients for y, x, a and b.
Var low_rank(Context& ctx, Var y, const Var& x, const Var& a, const Var& b, double scale);

}  // namespace eft
