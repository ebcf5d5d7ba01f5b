#include "models/model.h"

#include "ops/cross_entropy/cross_entropy.h"
#include "ops/gather_rows/gather_rows.h"
#include "ops/linear/linear.h"
#include "ops/softcap/softcap.h"

namespace eft {

void Model::tie_head(const Parameter& embedding) {
  constexpr const char* kHead = "lm_head.weight";
  head_ = &embedding;
  const bool saved = policy_.saves(kHead);
  if (!saved && !embedding.is_adapter()) return;
  const std::string_view name = embedding.loaded_from();
  Parameter own{.name = std::string(name), .module = kHead, .shape = embedding.shape};
  if (saved) own.keep_with_adapter();
  head_ = &parameters_.add(std::move(own));
}

Var Model::loss(Context& ctx, const Var& hidden, std::span<const std::int32_t> targets, double scale,
                std::span<const float> weights) const {
  return cross_entropy(ctx, hidden, head(), targets,
                       {.softcap = info_.final_softcap, .scale = scale, .weights = weights});
}

Var Model::logits(Context& ctx, const Var& hidden) const {
  const Var raw = linear(ctx, hidden, head());
  return info_.final_softcap > 0 ? softcap(ctx, raw, info_.final_softcap) : raw;
}

std::vector<AttentionSegment> attention_segments(const ModelInput& input, bool causal) {
  std::vector<AttentionSegment> segments;
  for (std::size_t s = 0; s + 1 < input.starts.size(); ++s) {
    const std::int64_t length = input.starts[s + 1] - input.starts[s];
    segments.push_back({input.starts[s], length, input.starts[s], length, causal});
  }
  return segments;
}

WantedQueries wanted_queries(const ModelInput& input) {
  WantedQueries queries{.rows = {input.wanted.begin(), input.wanted.end()}, .positions = {}, .segments = {}};
  std::size_t sequence = 0;
  for (std::size_t i = 0; i < queries.rows.size(); ++i) {
    const std::int64_t row = queries.rows[i];
    queries.positions.push_back(input.positions[static_cast<std::size_t>(row)]);
    bool goes_on = i > 0 && queries.rows[i - 1] + 1 == row;
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

Var wanted_rows(Context& ctx, const Var& x, const std::vector<std::int32_t>& wanted) {
  const bool narrowed = x.shape()[0] == static_cast<std::int64_t>(wanted.size());
  return wanted.empty() || narrowed ? x : gather_rows(ctx, x, wanted);
}

std::vector<CacheRun> cache_runs(const ModelInput& input) {
  std::vector<CacheRun> runs;
  for (std::size_t s = 0; s + 1 < input.starts.size(); ++s) {
    const std::int64_t slot = input.slots.empty() ? static_cast<std::int64_t>(s) : input.slots[s];
    runs.push_back({slot, input.starts[s], input.starts[s + 1] - input.starts[s]});
  }
  return runs;
}

}  // namespace eft
