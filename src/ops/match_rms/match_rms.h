#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, reference, y, dy: [rows, columns] of one dtype.
struct MatchRmsKernels {
  void (*forward)(Stream, ConstView x, ConstView reference, View y);
  void (*backward)(Stream, ConstView x, ConstView reference, ConstView dy, GradView dx, GradView dreference);
};
inline constinit KernelSlot<MatchRmsKernels> match_rms_kernels{"match_rms"};

/// Rows of x scaled to the root mean square of the rows of `reference`: y = x·√mean(reference²) / √max(mean(x²), 1e-5).
/// x, reference: […, columns]. Gradients for both. Throws InternalError when shapes differ.
/// Source: Transformers' Gemma3nTextModel (AltUp expansion and merge); architecture.md of the models, A.1.1, A.1.5,
/// D.1.
Var match_rms(Context& ctx, const Var& x, const Var& reference);

}  // namespace eft
