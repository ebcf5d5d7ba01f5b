#pragma once

#include <cstdint>
#include <span>

#include "autograd/tape.h"
#include "ops/segment_sum/segment_sum.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// What a row of logits shows beside the loss of its target, p = softmax(logits).
enum class TokenStatistic {
  entropy,     ///< −Σ p log p
  mean_logit,  ///< over the vocabulary, as the model gives them
  hit,         ///< 1 where the target has the largest logit, else 0
  collision,   ///< log Σ p²
};
inline constexpr std::int64_t kTokenStatistics = 4;

/// Numbers that are kept of a row while the vocabulary passes.
inline constexpr std::int64_t kTokenMoments = 6;

/// logits: [rows, pieces] in f32 or f64, before the cap; they stay as they are. moments: f64 [rows, kTokenMoments].
struct TokenStatisticKernels {
  /// The pieces from `first` on, in chunks of which the first begins with piece 0.
  void (*take)(Stream, double softcap, std::int64_t first, ConstView logits, std::span<const std::int32_t> targets,
               View moments);
  /// After the last chunk. statistics: f64 [rows, kTokenStatistics].
  void (*finish)(Stream, std::int64_t vocabulary, ConstView moments, View statistics);
  /// sums[s] = Σ statistics over the rows of ranges[s], each by itself. sums: f64 [ranges, kTokenStatistics].
  void (*sum)(Stream, ConstView statistics, std::span<const ElementRange> ranges, View sums);
};
inline constinit KernelSlot<TokenStatisticKernels> token_statistic_kernels{"token_statistics"};

/// Of each range of rows, the sums of their statistics: f64 [ranges, kTokenStatistics]. No gradients.
Tensor sum_statistics(const Context& ctx, const Tensor& statistics, std::span<const ElementRange> ranges);

}  // namespace eft
