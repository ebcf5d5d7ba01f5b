#include "models/model.h"

#include "ops/cross_entropy/cross_entropy.h"
#include "ops/linear/linear.h"
#include "ops/softcap/softcap.h"

namespace eft {

Var Model::loss(Context& ctx, const Var& hidden, std::span<const std::int32_t> targets, double scale) const {
  return cross_entropy(ctx, hidden, head(), targets, {.softcap = info_.final_softcap, .scale = scale});
}

Var Model::logits(Context& ctx, const Var& hidden) const {
  const Var raw = linear(ctx, hidden, head());
  return info_.final_softcap > 0 ? softcap(ctx, raw, info_.final_softcap) : raw;
}

std::vector<AttentionSegment> attention_segments(const ModelInput& input) {
  std::vector<AttentionSegment> segments;
  for (std::size_t s = 0; s + 1 < input.starts.size(); ++s) {
    const std::int64_t length = input.starts[s + 1] - input.starts[s];
    segments.push_back({input.starts[s], length, input.starts[s], length});
  }
  return segments;
}

AttentionSegment cached_segment(std::int64_t queries, std::int64_t keys) { return {0, queries, 0, keys}; }

}  // namespace eft
