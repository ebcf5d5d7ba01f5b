#include "models/gemma4/attention.h"

#include <algorithm>

#include "ops/rms_norm/rms_norm.h"
#include "ops/rotary/rotary.h"

namespace eft::gemma4 {
namespace {

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

Pass make_pass(Context& ctx, const TextSpec& spec, const ModelInput& input, DType dtype, KvCache* cache) {
  const auto rows_of = [&](std::vector<std::int32_t> wanted, std::span<const std::int32_t> positions,
                           std::vector<AttentionSegment> segments) {
    return Rows{.wanted = std::move(wanted),
                .segments = std::move(segments),
                .full_rope = rope_table(ctx, spec, positions, false, accumulator_of(dtype)),
                .sliding_rope = rope_table(ctx, spec, positions, true, accumulator_of(dtype))};
  };
  Pass pass{.all = rows_of({}, input.positions, attention_segments(input)),
            .wanted = {},
            .cache = cache,
            .runs = cache_runs(input)};
  WantedQueries queries = wanted_queries(input);
  pass.wanted = queries.rows.empty() ? pass.all : rows_of(queries.rows, queries.positions, std::move(queries.segments));
  return pass;
}

std::size_t cache_entry(const TextSpec& spec, std::size_t layer) {
  const std::size_t owner = spec.layers[layer].kv_donor.value_or(layer);
  const auto owns = [](const LayerSpec& one) { return !one.kv_donor; };
  return static_cast<std::size_t>(
      std::count_if(spec.layers.begin(), spec.layers.begin() + static_cast<std::ptrdiff_t>(owner), owns));
}

std::vector<std::int64_t> cache_windows(const TextSpec& spec) {
  std::vector<std::int64_t> windows;
  for (const LayerSpec& layer : spec.layers) {
    if (!layer.kv_donor) windows.push_back(layer.sliding ? spec.window : 0);
  }
  return windows;
}

std::size_t last_owner(const TextSpec& spec) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    if (!spec.layers[i].kv_donor) last = i;
  }
  return last;
}

Attention::Attention(const Scope& s, const TextSpec& spec, std::size_t layer)
    : spec_(spec),
      layer_(spec.layers[layer]),
      cache_entry_(cache_entry(spec, layer)),
      q_proj_(s / "q_proj", spec.hidden_size, spec.num_attention_heads * layer_.head_dim),
      o_proj_(s / "o_proj", spec.num_attention_heads * layer_.head_dim, spec.hidden_size),
      q_norm_(s / "q_norm", layer_.head_dim, spec.rms_norm_eps) {
  if (layer_.kv_donor) return;
  k_proj_.emplace(s / "k_proj", spec.hidden_size, layer_.num_key_value_heads * layer_.head_dim);
  if (!layer_.key_is_value) {
    v_proj_.emplace(s / "v_proj", spec.hidden_size, layer_.num_key_value_heads * layer_.head_dim);
  }
  k_norm_.emplace(s / "k_norm", layer_.head_dim, spec.rms_norm_eps);
}

KeyValue Attention::own_keys_and_values(Context& ctx, const Var& x, const Pass& pass) const {
  const Shape shape{x.shape()[0], layer_.num_key_value_heads, layer_.head_dim};
  const Var projected = (*k_proj_)(ctx, x).reshape(shape);
  const Var raw_values = v_proj_ ? (*v_proj_)(ctx, x).reshape(shape) : projected;
  KeyValue kv{.keys = k_norm_->rotated(ctx, projected, rope_of(pass.all)),
              .values = rms_norm(ctx, raw_values, Var(), {.epsilon = spec_.rms_norm_eps})};
  if (pass.cache != nullptr) {
    const auto [keys, values] = pass.cache->append(ctx, cache_entry_, pass.runs, kv.keys.value(), kv.values.value());
    kv = {Var(keys), Var(values)};
  }
  return kv;
}

Var Attention::operator()(Context& ctx, const Var& x, const Pass& pass, const Rows& asking, KeyValue& kv) const {
  if (!layer_.kv_donor) kv = own_keys_and_values(ctx, x, pass);
  const Var queries = wanted_rows(ctx, x, asking.wanted);
  const std::int64_t tokens = queries.shape()[0];
  const Var projected = q_proj_(ctx, queries).reshape({tokens, spec_.num_attention_heads, layer_.head_dim});
  const Var q = q_norm_.rotated(ctx, projected, rope_of(asking));
  auto segments = pass.cache != nullptr ? pass.cache->segments(cache_entry_, pass.runs) : asking.segments;
  const Var out = attention(ctx, q, kv.keys, kv.values, std::move(segments),
                            {.scale = 1.0, .window = layer_.sliding ? spec_.window : 0});
  return o_proj_(ctx, out.reshape({tokens, spec_.num_attention_heads * layer_.head_dim}));
}

}  // namespace eft::gemma4
