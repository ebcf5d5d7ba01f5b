#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

struct RotaryKernels {
  /// table: [tokens, 2n] in f32 or f64, the cosines and sines of positions[t]·inverse_frequencies[i] in double, rounded.
  void (*tabulate)(Stream, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
                   View table);
  /// x, y: [tokens, heads, head_dim]; table: [tokens, head_dim] in the accumulator's dtype. `inverse` turns backwards,
  /// which is the gradient.
  void (*rotate)(Stream, ConstView x, ConstView table, bool inverse, GradView y);
};
inline constinit KernelSlot<RotaryKernels> rotary_kernels{"rotary"};

/// Cosines and sines of positions[t]·inverse_frequencies[i], computed in double: [tokens, 2n], row t holds n cosines
/// and then n sines. Share one table among all layers that rotate alike.
Tensor rotary_table(Context& ctx, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
                    DType dtype);

/// Rotary position embedding in the half-split layout: with n = head_dim/2, y[i] = x[i]·cos − x[i+n]·sin and
/// y[i+n] = x[i+n]·cos + x[i]·sin. x: [tokens, heads, head_dim]; table: from rotary_table with head_dim/2 frequencies
/// (a frequency of zero leaves its pair alone: partial rotary). Throws InternalError for other shapes. Source:
/// Transformers' apply_rotary_pos_emb.
Var rotary(Context& ctx, const Var& x, const Tensor& table);

}  // namespace eft
