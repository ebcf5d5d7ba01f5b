#pragma once

#include <optional>

#include "models/decoder/rows.h"
#include "nn/layers.h"

namespace eft::decoder {

/// Keys after norm and RoPE, values after norm: what a donor hands to the layers that share with it.
struct KeyValue {
  Var keys;    ///< [tokens, kv_heads, head_dim]
  Var values;  ///< likewise
};

/// Attention of one layer, with norms on queries and keys, and in some families on values. A sharing layer has only
/// q_proj, q_norm and o_proj.
class Attention {
 public:
  /// `s` is the scope of self_attn. `spec` must outlive it.
  Attention(const Scope& s, const TextSpec& spec, std::size_t layer);

  /// x: [tokens, hidden], all or only the asking ones. For a sharing layer `kv` holds the donor's keys and values;
  /// otherwise it is filled, from all tokens. The result has a row for each asking token.
  Var operator()(Context& ctx, const Var& x, const Pass& pass, const Rows& asking, KeyValue& kv) const;

 private:
  Var queries(Context& ctx, const Var& x, const Rows& asking) const;
  KeyValue own_keys_and_values(Context& ctx, const Var& x, const Pass& pass) const;
  const Tensor& rope_of(const Rows& rows) const { return layer_.sliding ? rows.sliding_rope : rows.full_rope; }

  const TextSpec& spec_;
  const LayerSpec& layer_;
  std::size_t cache_entry_;
  std::optional<Linear> q_proj_, k_proj_, v_proj_, o_proj_;
  std::optional<RmsNorm> q_norm_, k_norm_;
};

}  // namespace eft::decoder
