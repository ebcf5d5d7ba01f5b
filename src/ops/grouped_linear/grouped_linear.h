#pragma once

#include "autograd/tape.h"
#include "autograd/weight.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x: [rows, in], sorted by group; weight: [groups, out, in]; y, dy: [rows, out]; offsets: i32 [groups + 1]. The weight
/// may be bf16 under f32 activations.
struct GroupedLinearKernels {
  /// y[r] = weight[group of r]·x[r].
  void (*forward)(Stream, ConstView x, const WeightView& weight, ConstView offsets, View y);
  /// dx[r] = weight[group of r]ᵀ·dy[r].
  void (*backward_input)(Stream, ConstView dy, const WeightView& weight, ConstView offsets, GradView dx);
  /// dweight[g] = Σ over its rows dy[r]·x[r]ᵀ, zero for a group without rows.
  void (*backward_weight)(Stream, ConstView dy, ConstView x, ConstView offsets, GradView dweight);
};
inline constinit KernelSlot<GroupedLinearKernels> grouped_linear_kernels{"grouped_linear"};

/// A linear for each group of rows: y[r] = W[g]·x[r] for offsets[g] ≤ r < offsets[g + 1]; one product for each group
/// that has rows. x: [rows, in]; weight: [groups, out, in]; offsets: i32 [groups + 1] (ExpertRouting::offsets).
/// Gradients for x and weight. Throws InternalError when shapes disagree. Source: architecture.md of the models, B.1.6.
Var grouped_linear(Context& ctx, const Var& x, const Weight& weight, const Tensor& offsets);

}  // namespace eft
