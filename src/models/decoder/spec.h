#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/config_json.h"
#include "models/model.h"
#include "models/rope.h"

namespace eft::decoder {

/// What differs from layer to layer.
struct LayerSpec {
  bool sliding;
  std::int64_t head_dim;
  std::int64_t num_key_value_heads;
  std::int64_t intermediate_size;
  bool key_is_value = false;              ///< no v_proj: values are the un-normalised keys
  std::optional<std::size_t> kv_donor{};  ///< the layer whose keys and values this one uses
  bool donates = false;                   ///< whether some later layer uses this one's
};

/// The layers in which the tokens of an image see each other both ways, beside what causality lets them see.
enum class BlockSight { none, sliding, all };

/// What the text decoders of all families have, from config.json (or its text_config).
struct TextSpec {
  std::int64_t vocab_size;
  std::int64_t hidden_size;
  std::int64_t num_attention_heads;
  std::int64_t max_position_embeddings;
  double rms_norm_eps;
  double final_logit_softcapping;  ///< 0: none
  std::int64_t pad_token_id;
  std::int64_t window;
  std::vector<LayerSpec> layers;
  RopeSpec full_rope;
  RopeSpec sliding_rope;
  std::int64_t hidden_size_per_layer_input = 0;  ///< 0: no per-layer embeddings
  std::int64_t vocab_size_per_layer_input = 0;
  double attention_scale = 1.0;
  double norm_offset = 0.0;       ///< stored norm weights are the distance from it
  bool values_are_normed = true;  ///< without a weight
  bool causal = true;
  BlockSight block_sight = BlockSight::none;
  /// Attention declares q, k, v, o and computes queries before keys, instead of declaring q, o, k, v and computing
  /// queries last. Random initial values and the last bits of gradients depend on the order.
  bool queries_first = false;

  bool sees_blocks(const LayerSpec& layer) const {
    return block_sight == BlockSight::all || (block_sight == BlockSight::sliding && layer.sliding);
  }
  std::int64_t num_hidden_layers() const { return static_cast<std::int64_t>(layers.size()); }
};

/// The last `num_kv_shared_layers` layers use the keys and values of the last layer of their type in front of them.
/// Throws ConfigError when there is none.
void set_donors(const ConfigJson& config, std::int64_t shared, std::vector<LayerSpec>& layers);
/// The last layer with keys and values of its own: behind its keys, only the wanted tokens are needed.
std::size_t last_owner(const TextSpec& spec);
/// The index in the cache of the keys and values that a layer uses, its own or a donor's.
std::size_t cache_entry(const TextSpec& spec, std::size_t layer);

/// What everything outside models/ needs to know of a decoder. `stop_tokens` are the family's.
ModelInfo model_info(const TextSpec& spec, std::string family, std::vector<std::int32_t> stop_tokens);

}  // namespace eft::decoder
