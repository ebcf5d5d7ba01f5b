#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: [rows, columns]; weight, bias: [columns]; stats: [rows, 2], mean and 1/√(variance + ε) of each row in the
/// accumulator's dtype. partial: scratch of [2·layer_norm_chunks(rows), columns] in it, when dweight or dbias is
/// wanted.
struct LayerNormKernels {
  void (*forward)(Stream, double epsilon, ConstView x, ConstView weight, ConstView bias, View y, View stats);
  void (*backward)(Stream, ConstView x, ConstView weight, ConstView stats, ConstView dy, GradView dx, GradView dweight,
                   GradView dbias, View partial);
};
inline constinit KernelSlot<LayerNormKernels> layer_norm_kernels{"layer_norm"};

/// Rows that one partial sum of dweight and dbias covers; fixed, so that results do not depend on threads.
inline constexpr std::int64_t kLayerNormPartialRows = 64;
inline constexpr std::int64_t layer_norm_chunks(std::int64_t rows) {
  return (rows + kLayerNormPartialRows - 1) / kLayerNormPartialRows;
}

/// y = (x − mean(x)) · (var(x) + ε)^(−½) · weight + bias over the last axis, var without Bessel's correction, computed
/// in f32 (f64 for f64) and rounded once. x: […, columns]; weight, bias: [columns]. Gradients for all three. Throws
/// InternalError when shapes disagree. Source: torch.nn.LayerNorm.
Var layer_norm(Context& ctx, const Var& x, const Var& weight, const Var& bias, double epsilon);

}  // namespace eft
