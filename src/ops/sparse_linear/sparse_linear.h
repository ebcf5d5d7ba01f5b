#pragma once

#include "autograd/tape.h"
#include "autograd/weight.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// a: [rows, k]; b: [n, k], or [k, n] where it is not `transposed`; c: [rows, n]. A pattern is a matrix whose elements
/// that are not zero count.
struct SparseLinearKernels {
  /// The share of zeros from which on these kernels are faster than a product of all elements.
  double least_sparsity;
  /// c = a·op(b) for an a that is zero where the pattern [rows, k] is.
  void (*from_pattern)(Stream, ConstView pattern, ConstView a, const WeightView& b, bool transposed, GradView c);
  /// c = a·op(b) where the pattern [rows, n] is not zero, and zero (or as it was, when it accumulates) elsewhere.
  void (*to_pattern)(Stream, ConstView pattern, ConstView a, const WeightView& b, bool transposed, GradView c);
  /// x = 0 where the pattern is.
  void (*clear)(Stream, ConstView pattern, View x);
};
inline constinit KernelSlot<SparseLinearKernels> sparse_linear_kernels{"sparse_linear"};

/// Whether the context's device has kernels that gain from a share `sparsity` of zeros.
bool gains_from_zeros(const Context& ctx, double sparsity);

/// (x·Wᵀ) ⊙ [pattern ≠ 0]: a linear of which some elements are wanted. x: [rows, in]; weight: [out, in]; pattern:
/// [rows, out], which gets no gradient. Gradients for x and weight. Throws InternalError when shapes disagree.
Var linear_to_pattern(Context& ctx, const Var& x, const Weight& weight, const Var& pattern);

/// x·Wᵀ for an x that is zero where the pattern is, and whose gradient is not wanted there: it gets zero. x, pattern:
/// [rows, in]; weight: [out, in]. Gradients for x and weight. Throws InternalError when shapes disagree.
Var linear_from_pattern(Context& ctx, const Var& x, const Weight& weight, const Var& pattern);

}  // namespace eft
