#include "models/model.h"

#include "ops/cross_entropy/cross_entropy.h"
#include "ops/linear/linear.h"
#include "ops/put_rows/put_rows.h"
#include "ops/softcap/softcap.h"

namespace eft {

namespace {
constexpr const char* kHead = "lm_head.weight";  // in Transformers' memory
}

void Model::tie_head(const Parameter& embedding) {
  head_ = &embedding;
  const bool saved = policy_.saves(kHead);
  if (!saved && !embedding.is_adapter()) return;
  const std::string_view name = embedding.loaded_from();
  Parameter own{.name = std::string(name), .module = kHead, .shape = embedding.shape};
  if (saved) own.keep_with_adapter();
  head_ = &parameters_.add(std::move(own));
}

void Model::name_head(const std::string& name, bool tied) {
  info_.head_name = name;
  if (tied) return;
  if (Parameter* own = parameters_.find(kHead)) {
    (own->is_adapter() ? own->source : own->name) = name;
  } else {
    head_ = &parameters_.add({.name = name, .module = kHead, .shape = head_->shape});
  }
}

void Model::add_vision(std::unique_ptr<Tower> tower, ImageTokens tokens) {
  vision_ = std::move(tower);
  info_.image = tokens;
}

Var Model::with_media(Context& ctx, Var x, const ModelInput& input) const {
  for (const MediaSpan& span : input.media) {
    const Tower* made_by = tower(span.item->kind);
    expect(made_by != nullptr, "a tower for the media of a text");
    if (const std::int64_t rows = made_by->rows_of(*span.item); rows != span.count) {
      throw DataError("{} tokens stand for an image, expected {}: a row of the vision tower for each", span.count,
                      rows);
    }
    const DType dtype = x.dtype();
    x = put_rows(ctx, std::move(x), (*made_by)(ctx, *span.item, dtype), span.begin);
  }
  return x;
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

std::vector<CacheRun> cache_runs(const ModelInput& input) {
  std::vector<CacheRun> runs;
  for (std::size_t s = 0; s + 1 < input.starts.size(); ++s) {
    const std::int64_t slot = input.slots.empty() ? static_cast<std::int64_t>(s) : input.slots[s];
    runs.push_back({slot, input.starts[s], input.starts[s + 1] - input.starts[s]});
  }
  return runs;
}

}  // namespace eft
