#pragma once

#include <span>

#include "ops/attention/attention.h"

namespace eft {

/// The most queries that attention_few is good for.
inline constexpr std::int64_t kFewQueries = 8;

/// The forward kernel for a few queries, as in decoding, on the CPU. Keys and values are read as they are stored, so no
/// workspace grows with them.
void attention_few(AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
                   ConstView v, View out, View lse);

}  // namespace eft
