#pragma once

#include <vector>

#include "models/decoder/spec.h"
#include "models/model.h"

namespace eft::decoder {

/// Tokens that go through a layer together: their segments and rotations.
struct Rows {
  std::vector<std::int32_t> wanted;  ///< which tokens of the input; empty: all
  std::vector<AttentionSegment> segments;
  std::vector<QueryRange> blocks;  ///< rows of images, each of which see each other both ways where layers say so
  Tensor full_rope;                ///< absent when no layer is of its kind
  Tensor sliding_rope;
};

/// What all layers of one forward pass share.
struct Pass {
  Rows all;
  Rows wanted;  ///< those whose hidden states are read; as `all` when that is all of them
  KvCache* cache;
  std::vector<CacheRun> runs;  ///< what the cache adds
};

/// Causal segments cut where blocks begin and end; those of a block are not causal. A block lies in one segment.
std::vector<AttentionSegment> cut_at_blocks(std::span<const AttentionSegment> segments,
                                            std::span<const QueryRange> blocks);

/// Activations are of `dtype`. Without causality every token is needed to the end, and `wanted` is `all`.
Pass make_pass(Context& ctx, const TextSpec& spec, const ModelInput& input, DType dtype, KvCache* cache);

/// The rows of the embedding table for `tokens`, times √hidden_size.
Var embed(Context& ctx, const TextSpec& spec, const Parameter& table, std::span<const std::int32_t> tokens,
          DType dtype);

/// The rows of `x` that `wanted` names, unless x has only those already; x itself when none are named.
Var wanted_rows(Context& ctx, const Var& x, const std::vector<std::int32_t>& wanted);

}  // namespace eft::decoder
