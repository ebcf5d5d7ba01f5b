#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

struct RotaryKernels {
  /// table: [tokens, 2n] in f32 or f64, the cosines and sines of positions[t]·inverse_frequencies[i] in double, rounded.
  void (*tabulate)(Stream, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
                   View table);
};
inline constinit KernelSlot<RotaryKernels> rotary_kernels{"rotary"};

/// Cosines and sines of positions[t]·inverse_frequencies[i], computed in double: [tokens, 2n], row t holds n cosines
/// and then n sines. Share one table among all layers that rotate alike; rms_norm_rotary turns by it.
Tensor rotary_table(Context& ctx, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
                    DType dtype);

}  // namespace eft
