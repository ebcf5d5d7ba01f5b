#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

struct RmsNormShape {
  std::int64_t rows;
  std::int64_t columns;
  double epsilon;
  double weight_offset;  ///< added to the weight: 1 for Gemma 3, 0 for 3n and 4
  std::int64_t heads;    ///< rows that share a row of the rotary table
};

/// x, y, dy: [rows, columns]; weight: [columns] or absent; residual: as x, or absent; rstd: [rows] in the accumulator dtype.
/// table: cosines and sines that rotate what is normalised, [rows/heads, columns] in the accumulator dtype, or absent.
/// partial: scratch of `rms_norm_partials(rows)` rows of [columns] in the accumulator dtype, when dweight is wanted.
struct RmsNormKernels {
  void (*forward)(Stream, const RmsNormShape&, ConstView x, ConstView weight, ConstView residual, ConstView table,
                  View y, View rstd);
  void (*backward)(Stream, const RmsNormShape&, ConstView x, ConstView weight, ConstView rstd, ConstView table,
                   ConstView dy, GradView dx, GradView dweight, View partial);
};
inline constinit KernelSlot<RmsNormKernels> rms_norm_kernels{"rms_norm"};

/// Rows that one partial sum of dweight covers; fixed, so that results do not depend on threads.
inline constexpr std::int64_t kRmsNormPartialRows = 64;

struct RmsNormOptions {
  double epsilon = 1e-6;
  double weight_offset = 0.0;
};

/// y = x · (mean(x²) + ε)^(−½) · (offset + w) over the last axis, computed in f32 (f64 for f64) and rounded once.
/// x: […, columns]; weight: [columns], or an empty Var for the form without scale. Gradients for x and weight.
/// Throws InternalError when shapes disagree. Source: architecture.md of the models, section 0 and D.1.
Var rms_norm(Context& ctx, const Var& x, const Var& weight, RmsNormOptions options = {});

/// residual + rms_norm(x, weight), in one pass and with the same bits. Gradients for all three.
Var add_rms_norm(Context& ctx, const Var& residual, const Var& x, const Var& weight, RmsNormOptions options = {});

/// rms_norm(x, weight) with a rotary position embedding, in one pass, the norm rounded as by itself. Half-split layout:
/// with n = head_dim/2 and z the norm, y[i] = z[i]·cos − z[i+n]·sin and y[i+n] = z[i+n]·cos + z[i]·sin. x: [tokens, heads,
/// head_dim]; table: from rotary_table with head_dim/2 frequencies (a frequency of zero leaves its pair alone: partial
/// rotary). Gradients for x and weight. Throws InternalError for other shapes. Source: Transformers'
/// apply_rotary_pos_emb.
Var rms_norm_rotary(Context& ctx, const Var& x, const Var& weight, const Tensor& table, RmsNormOptions options = {});

}  // namespace eft
