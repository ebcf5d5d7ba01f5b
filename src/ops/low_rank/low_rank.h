#pragma once

#include "autograd/tape.h"
#include "autograd/weight.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x: [rows, in]; a: [rank, in]; b: [out, rank]; y, dy: [rows, out]; inner = scale·x·aᵀ: [rows, rank].
/// weight: [out, in], that of the linear beside it, or absent.
struct LowRankKernels {
  /// Fills `inner`; y = x·weightᵀ + inner·bᵀ, or y += inner·bᵀ without a weight.
  void (*forward)(Stream, double scale, ConstView x, const WeightView& weight, ConstView a, ConstView b, View inner,
                  View y);
  /// dinner = scale·dy·b (scratch [rows, rank]); da = dinnerᵀ·x; db = dyᵀ·inner; dx = dy·weight + dinner·a, or dinner·a
  /// without a weight.
  void (*backward)(Stream, double scale, ConstView x, const WeightView& weight, ConstView a, ConstView b,
                   ConstView inner, ConstView dy, View dinner, GradView dx, GradView da, GradView db);
};
inline constinit KernelSlot<LowRankKernels> low_rank_kernels{"low_rank"};

/// y + scale·(x·aᵀ)·bᵀ, written into y's own storage, which nobody else may read afterwards: the low-rank term of an
/// adapted linear. Gradients for y, x, a and b.
Var low_rank(Context& ctx, Var y, const Var& x, const Var& a, const Var& b, double scale);

/// linear(x, weight) and its low-rank term in one: x·Wᵀ + scale·(x·aᵀ)·bᵀ, rounded once. x: […, in]; weight: [out, in].
/// Gradients for all four.
Var linear_with_low_rank(Context& ctx, const Var& x, const Weight& weight, const Var& a, const Var& b, double scale);

}  // namespace eft
