#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x: [rows, in], sorted by group; a: [groups·rank, in], group-major; b: [out, rank·groups], rank-major; y, dy:
/// [rows, out]; offsets: i32 [groups + 1]; inner: [rows, rank] in x's dtype; stack: scratch [groups, out, rank] in b's
/// dtype.
struct GroupedLowRankKernels {
  /// inner[r] = scale·a[group]·x[r]; y[r] += b[group]·inner[r].
  void (*forward)(Stream, double scale, ConstView x, ConstView a, ConstView b, ConstView offsets, View stack,
                  View inner, View y);
  /// dinner[r] = scale·b[group]ᵀ·dy[r] (scratch like inner); dx = a[group]ᵀ·dinner; da = dinner·xᵀ; db = dy·innerᵀ,
  /// through dstack (scratch like stack in db's dtype, absent when db is not wanted).
  void (*backward)(Stream, double scale, ConstView x, ConstView a, ConstView b, ConstView offsets, ConstView inner,
                   ConstView dy, View stack, View dstack, View dinner, GradView dx, GradView da, GradView db);
};
inline constinit KernelSlot<GroupedLowRankKernels> grouped_low_rank_kernels{"grouped_low_rank"};

/// y[r] + scale·B_g·A_g·x[r] for the group g of row r, written into y's own storage, which nobody else may read
/// afterwards: the low-rank term of an adapted grouped_linear, in the layouts in which PEFT stores it: A_g[ρ, i] =
/// a[g·rank + ρ, i] and B_g[o, ρ] = b[o, ρ·groups + g]. Gradients for y, x, a and b. Throws InternalError when shapes
/// disagree. Source: architecture.md of the models, B.8.
Var grouped_low_rank(Context& ctx, Var y, const Var& x, const Var& a, const Var& b, const Tensor& offsets,
                     double scale);

}  // namespace eft
