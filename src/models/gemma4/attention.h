#pragma once

#include <optional>
#include <vector>

#include "models/gemma4/spec.h"
#include "models/model.h"
#include "nn/layers.h"

namespace eft::gemma4 {

/// What all layers of one forward pass share.
struct Pass {
  std::vector<AttentionSegment> segments;
  Tensor full_rope;
  Tensor sliding_rope;
  KvCache* cache;
};

/// Segments and rotation tables of `input`; a table is left out when no layer is of its kind.
Pass make_pass(Context& ctx, const TextSpec& spec, const ModelInput& input, DType dtype, KvCache* cache);

/// Keys after norm and RoPE, values after norm: what a donor hands to the layers that share with it.
struct KeyValue {
  Var keys;    ///< [tokens, kv_heads, head_dim]
  Var values;  ///< likewise
};

/// Attention of one layer: scale 1, norms on queries, keys and (without weight) values. A sharing layer has only
/// q_proj, q_norm and o_proj.
class Attention {
 public:
  /// `cache_entry` is this layer's index in the cache, for layers that own keys and values.
  Attention(const Scope& s, const TextSpec& spec, std::size_t layer, std::size_t cache_entry);

  /// x: [tokens, hidden]. For a sharing layer `kv` holds the donor's keys and values; otherwise it is filled.
  Var operator()(Context& ctx, const Var& x, const Pass& pass, KeyValue& kv) const;

 private:
  KeyValue own_keys_and_values(Context& ctx, const Var& x, const Pass& pass, const Tensor& rope) const;

  const TextSpec& spec_;
  const LayerSpec& layer_;
  std::size_t cache_entry_;
  Linear q_proj_;
  std::optional<Linear> k_proj_, v_proj_;
  Linear o_proj_;
  RmsNorm q_norm_;
  std::optional<RmsNorm> k_norm_;
};

}  // namespace eft::gemma4
