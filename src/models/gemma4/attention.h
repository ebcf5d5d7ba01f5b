#pragma once

#include <optional>
#include <vector>

#include "models/gemma4/spec.h"
#include "models/model.h"
#include "nn/layers.h"

namespace eft::gemma4 {

/// Tokens that go through a layer together: their segments and rotations.
struct Rows {
  std::vector<std::int32_t> wanted;  ///< which tokens of the input; empty: all
  std::vector<AttentionSegment> segments;
  Tensor full_rope;  ///< absent when no layer is of its kind
  Tensor sliding_rope;
};

/// What all layers of one forward pass share.
struct Pass {
  Rows all;
  Rows wanted;  ///< those whose hidden states are read; as `all` when that is all of them
  KvCache* cache;
  std::vector<CacheRun> runs;  ///< what the cache adds
};

Pass make_pass(Context& ctx, const TextSpec& spec, const ModelInput& input, DType dtype, KvCache* cache);
/// The index in the cache of the keys and values that a layer uses, its own or a donor's.
std::size_t cache_entry(const TextSpec& spec, std::size_t layer);
/// The sliding windows of the layers that own keys and values, 0 for none.
std::vector<std::int64_t> cache_windows(const TextSpec& spec);
/// The last layer with keys and values of its own: behind its keys, only the wanted tokens are needed.
std::size_t last_owner(const TextSpec& spec);

/// Keys after norm and RoPE, values after norm: what a donor hands to the layers that share with it.
struct KeyValue {
  Var keys;    ///< [tokens, kv_heads, head_dim]
  Var values;  ///< likewise
};

/// Attention of one layer: scale 1, norms on queries, keys and (without weight) values. A sharing layer has only
/// q_proj, q_norm and o_proj.
class Attention {
 public:
  Attention(const Scope& s, const TextSpec& spec, std::size_t layer);

  /// x: [tokens, hidden], all or only the asking ones. For a sharing layer `kv` holds the donor's keys and values;
  /// otherwise it is filled, from all tokens. The result has a row for each asking token.
  Var operator()(Context& ctx, const Var& x, const Pass& pass, const Rows& asking, KeyValue& kv) const;

 private:
  KeyValue own_keys_and_values(Context& ctx, const Var& x, const Pass& pass) const;
  const Tensor& rope_of(const Rows& rows) const { return layer_.sliding ? rows.sliding_rope : rows.full_rope; }

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
