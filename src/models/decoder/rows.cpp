#include "models/decoder/rows.h"

#include <algorithm>
#include <cmath>

#include "ops/embedding/embedding.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/rotary/rotary.h"

namespace eft::decoder {
namespace {

/// The whole sequences of a batch as attention segments.
std::vector<AttentionSegment> attention_segments(const ModelInput& input, bool causal) {
  std::vector<AttentionSegment> segments;
  for (std::size_t s = 0; s + 1 < input.starts.size(); ++s) {
    const std::int64_t length = input.starts[s + 1] - input.starts[s];
    segments.push_back({input.starts[s], length, input.starts[s], length, causal});
  }
  return segments;
}

/// The images of a batch, those of one sequence that touch as one.
std::vector<QueryRange> blocks_of(const ModelInput& input) {
  std::vector<QueryRange> blocks;
  for (const MediaSpan& span : input.media) {
    if (span.item->kind == MediaKind::audio) continue;
    const bool touches =
        !blocks.empty() && blocks.back().end == span.begin && !std::ranges::binary_search(input.starts, span.begin);
    if (touches) {
      blocks.back().end += span.count;
    } else {
      blocks.push_back({span.begin, span.begin + span.count});
    }
  }
  return blocks;
}

/// The wanted tokens as queries: where they stand in their sequences, and a segment for each run of them.
struct WantedQueries {
  std::vector<std::int32_t> positions;
  std::vector<AttentionSegment> segments;
};

WantedQueries wanted_queries(const ModelInput& input) {
  WantedQueries queries;
  std::size_t sequence = 0;
  for (std::size_t i = 0; i < input.wanted.size(); ++i) {
    const std::int64_t row = input.wanted[i];
    queries.positions.push_back(input.positions[static_cast<std::size_t>(row)]);
    bool goes_on = i > 0 && input.wanted[i - 1] + 1 == row;
    while (row >= input.starts[sequence + 1]) {
      ++sequence;
      goes_on = false;
    }
    const std::int64_t first_key = input.starts[sequence];
    if (!goes_on) queries.segments.push_back({static_cast<std::int64_t>(i), 0, first_key, 0});
    AttentionSegment& run = queries.segments.back();
    ++run.query_count;
    run.key_count = row + 1 - first_key;
  }
  return queries;
}

/// Rotations of the layers of one kind.
Tensor rope_table(Context& ctx, const TextSpec& spec, std::span<const std::int32_t> positions, bool sliding,
                  DType dtype) {
  for (const LayerSpec& layer : spec.layers) {
    if (layer.sliding != sliding) continue;
    const RopeSpec& rope = sliding ? spec.sliding_rope : spec.full_rope;
    return rotary_table(ctx, positions, rope.inverse_frequencies(layer.head_dim), dtype);
  }
  return {};
}

}  // namespace

std::vector<AttentionSegment> cut_at_blocks(std::span<const AttentionSegment> segments,
                                            std::span<const QueryRange> blocks) {
  std::vector<AttentionSegment> cut;
  auto block = blocks.begin();
  for (const AttentionSegment& whole : segments) {
    const std::int64_t end = whole.query_begin + whole.query_count;
    const auto add = [&](std::int64_t from, std::int64_t to, bool of_block) {
      if (from == to) return;
      cut.push_back({.query_begin = from,
                     .query_count = to - from,
                     .key_begin = whole.key_begin,
                     .key_count = whole.key_count - (end - to),
                     .causal = !of_block,
                     .window_ahead = !of_block});
    };
    std::int64_t done = whole.query_begin;
    for (; block != blocks.end() && block->begin < end; ++block) {
      add(done, block->begin, false);
      add(block->begin, block->end, true);
      done = block->end;
    }
    add(done, end, false);
  }
  return cut;
}

Pass make_pass(Context& ctx, const TextSpec& spec, const ModelInput& input, DType dtype, KvCache* cache) {
  const auto rows_of = [&](std::vector<std::int32_t> wanted, std::span<const std::int32_t> positions,
                           std::vector<AttentionSegment> segments) {
    return Rows{.wanted = std::move(wanted),
                .segments = std::move(segments),
                .blocks = {},
                .full_rope = rope_table(ctx, spec, positions, false, accumulator_of(dtype)),
                .sliding_rope = rope_table(ctx, spec, positions, true, accumulator_of(dtype))};
  };
  Pass pass{.all = rows_of({}, input.positions, attention_segments(input, spec.causal)),
            .wanted = {},
            .cache = cache,
            .runs = cache != nullptr ? cache_runs(input) : std::vector<CacheRun>()};
  if (spec.causal) pass.all.blocks = blocks_of(input);
  if (input.wanted.empty() || !spec.causal) {  // runs of queries know their keys by causality
    pass.wanted = pass.all;
  } else {  // none of an image's
    WantedQueries queries = wanted_queries(input);
    pass.wanted = rows_of({input.wanted.begin(), input.wanted.end()}, queries.positions, std::move(queries.segments));
  }
  return pass;
}

Var embed(Context& ctx, const TextSpec& spec, const Parameter& table, std::span<const std::int32_t> tokens,
          DType dtype) {
  return embedding(ctx, table.var(), tokens, dtype,
                   {.scale = std::sqrt(static_cast<double>(spec.hidden_size)),
                    .padding_id = static_cast<std::int32_t>(spec.pad_token_id)});
}

Var wanted_rows(Context& ctx, const Var& x, const std::vector<std::int32_t>& wanted) {
  const bool narrowed = x.shape()[0] == static_cast<std::int64_t>(wanted.size());
  return wanted.empty() || narrowed ? x : gather_rows(ctx, x, wanted);
}

}  // namespace eft::decoder
