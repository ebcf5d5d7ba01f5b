#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: [rows, columns]; weight: [columns] in x's dtype; partial: scratch of one row of [columns] in the
/// accumulator's dtype for every kMultiplyPartialRows rows, when dweight is wanted.
struct MultiplyKernels {
  void (*forward)(Stream, ConstView x, ConstView weight, View y);
  void (*backward)(Stream, ConstView x, ConstView weight, ConstView dy, GradView dx, GradView dweight, View partial);
};
inline constinit KernelSlot<MultiplyKernels> multiply_kernels{"multiply"};

/// Rows that one partial sum of dweight covers; fixed, so that results do not depend on threads.
inline constexpr std::int64_t kMultiplyPartialRows = 64;

/// y = x ⊙ weight along the last axis. x: […, columns]; weight: [columns]. Gradients for both. Throws InternalError
/// when shapes disagree.
Var multiply(Context& ctx, const Var& x, const Var& weight);

}  // namespace eft
