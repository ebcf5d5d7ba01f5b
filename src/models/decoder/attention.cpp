#include "models/decoder/attention.h"

#include "ops/attention/attention.h"
#include "ops/rms_norm/rms_norm.h"

namespace eft::decoder {

Attention::Attention(const Scope& s, const TextSpec& spec, std::size_t layer)
    : spec_(spec), layer_(spec.layers[layer]), cache_entry_(cache_entry(spec, layer)) {
  const std::int64_t query_width = spec.num_attention_heads * layer_.head_dim;
  const std::int64_t key_width = layer_.num_key_value_heads * layer_.head_dim;
  const auto declare_keys_and_values = [&] {
    k_proj_.emplace(s / "k_proj", spec.hidden_size, key_width);
    if (!layer_.key_is_value) v_proj_.emplace(s / "v_proj", spec.hidden_size, key_width);
  };
  const bool owns = !layer_.kv_donor;
  q_proj_.emplace(s / "q_proj", spec.hidden_size, query_width);
  if (owns && spec.queries_first) declare_keys_and_values();
  o_proj_.emplace(s / "o_proj", query_width, spec.hidden_size);
  q_norm_.emplace(s / "q_norm", layer_.head_dim, spec.rms_norm_eps, spec.norm_offset);
  if (owns && !spec.queries_first) declare_keys_and_values();
  if (owns) k_norm_.emplace(s / "k_norm", layer_.head_dim, spec.rms_norm_eps, spec.norm_offset);
}

Var Attention::queries(Context& ctx, const Var& x, const Rows& asking) const {
  const Var rows = wanted_rows(ctx, x, asking.wanted);
  const Shape shape{rows.shape()[0], spec_.num_attention_heads, layer_.head_dim};
  return q_norm_->rotated(ctx, (*q_proj_)(ctx, rows).reshape(shape), rope_of(asking));
}

KeyValue Attention::own_keys_and_values(Context& ctx, const Var& x, const Pass& pass) const {
  const Shape shape{x.shape()[0], layer_.num_key_value_heads, layer_.head_dim};
  const Var projected = (*k_proj_)(ctx, x).reshape(shape);
  const Var values = v_proj_ ? (*v_proj_)(ctx, x).reshape(shape) : projected;
  KeyValue kv{.keys = k_norm_->rotated(ctx, projected, rope_of(pass.all)), .values = values};
  if (spec_.values_are_normed) kv.values = rms_norm(ctx, values, Var(), {.epsilon = spec_.rms_norm_eps});
  if (pass.cache != nullptr) {
    const auto [keys, values_in_cache] =
        pass.cache->append(ctx, cache_entry_, pass.runs, kv.keys.value(), kv.values.value());
    kv = {Var(keys), Var(values_in_cache)};
  }
  return kv;
}

Var Attention::operator()(Context& ctx, const Var& x, const Pass& pass, const Rows& asking, KeyValue& kv) const {
  Var q;
  if (spec_.queries_first) q = queries(ctx, x, asking);
  if (!layer_.kv_donor) kv = own_keys_and_values(ctx, x, pass);
  if (!spec_.queries_first) q = queries(ctx, x, asking);
  auto segments = pass.cache != nullptr ? pass.cache->segments(cache_entry_, pass.runs) : asking.segments;
  if (!asking.blocks.empty() && spec_.sees_blocks(layer_)) segments = cut_at_blocks(segments, asking.blocks);
  const Var out = attention(ctx, q, kv.keys, kv.values, std::move(segments),
                            {.scale = spec_.attention_scale, .window = layer_.sliding ? spec_.window : 0});
  return (*o_proj_)(ctx, out.reshape({q.shape()[0], spec_.num_attention_heads * layer_.head_dim}));
}

}  // namespace eft::decoder
