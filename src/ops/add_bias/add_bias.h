#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// y, dy: [rows, columns]; bias: [columns].
struct AddBiasKernels {
  /// y += bias in every row.
  void (*forward)(Stream, ConstView bias, View y);
  /// dbias = Σ rows dy. partial: scratch of a row of [columns] in the accumulator's dtype for each
  /// kAddBiasPartialRows rows.
  void (*backward)(Stream, ConstView dy, GradView dbias, View partial);
};
inline constinit KernelSlot<AddBiasKernels> add_bias_kernels{"add_bias"};

/// Rows that one partial sum of dbias covers; fixed, so that results do not depend on threads.
inline constexpr std::int64_t kAddBiasPartialRows = 64;

/// x + bias along the last axis, written into x's own storage, which nobody else may read afterwards: the second half
/// of a linear with a bias. Gradients for x and bias. Throws InternalError when shapes disagree.
Var add_bias(Context& ctx, Var x, const Var& bias);

}  // namespace eft
