#pragma once

#include "autograd/tape.h"
#include "autograd/weight.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x: [rows, in]; weight: [out, in]; y, dy: [rows, out]. The weight may be bf16 under f32 activations.
struct LinearKernels {
  /// y = x·weightᵀ, or y += … when `accumulate`.
  void (*forward)(Stream, ConstView x, const WeightView& weight, View y, bool accumulate);
  /// dx = dy·weight.
  void (*backward_input)(Stream, ConstView dy, const WeightView& weight, GradView dx);
  /// dweight = dyᵀ·x.
  void (*backward_weight)(Stream, ConstView dy, ConstView x, GradView dweight);
};
inline constinit KernelSlot<LinearKernels> linear_kernels{"linear"};

/// y = x·Wᵀ over the last axis, sums in f32 (f64 for f64). x: […, in]; weight: [out, in]; y: […, out] in x's dtype.
/// Gradients for x and weight. Throws InternalError when shapes disagree.
Var linear(Context& ctx, const Var& x, const Weight& weight);

/// y = x·W for a weight that is stored input first, [in, out]; all else as with linear.
Var linear_input_first(Context& ctx, const Var& x, const Var& weight);

}  // namespace eft
