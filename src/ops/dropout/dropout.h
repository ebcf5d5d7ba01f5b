#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// Element i is kept when word i of the Philox stream (key, first + i / 4) is at least `probability`.
struct DropoutShape {
  double probability;
  std::uint64_t key;
  std::uint64_t first;  ///< counter of the first block of four elements
};

struct DropoutKernels {
  /// y = x·keep / (1 − p); the same mask turns dy into dx.
  void (*apply)(Stream, const DropoutShape&, ConstView x, GradView y);
};
inline constinit KernelSlot<DropoutKernels> dropout_kernels{"dropout"};

/// Zeroes each element with `probability` and scales the others by 1/(1 − p), in training; else, or with
/// probability 0, returns x. Draws from the context's dropout stream, so `checkpoint` replays it. Gradient for x.
Var dropout(Context& ctx, const Var& x, double probability);

}  // namespace eft
