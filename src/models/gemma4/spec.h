#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/config_json.h"
#include "models/rope.h"

namespace eft::gemma4 {

/// What differs from layer to layer.
struct LayerSpec {
  bool sliding;
  std::int64_t head_dim;
  std::int64_t num_key_value_heads;
  std::int64_t intermediate_size;
  bool key_is_value;                    ///< no v_proj: values are the un-normalised keys
  std::optional<std::size_t> kv_donor;  ///< the layer whose keys and values this one uses
  bool donates;                         ///< whether some later layer uses this one's
};

/// The sizes of a Gemma 4 text model, from config.json (or its text_config).
struct TextSpec {
  std::int64_t vocab_size;
  std::int64_t vocab_size_per_layer_input;
  std::int64_t hidden_size;
  std::int64_t hidden_size_per_layer_input;  ///< 0: no per-layer embeddings
  std::int64_t num_hidden_layers;
  std::int64_t num_attention_heads;
  std::int64_t max_position_embeddings;
  double rms_norm_eps;
  double final_logit_softcapping;  ///< 0: none
  std::int64_t pad_token_id;
  std::int64_t window;
  std::int64_t num_experts = 0;  ///< 0: no mixture of experts beside the dense MLP
  std::int64_t top_k_experts = 0;
  std::int64_t moe_intermediate_size = 0;
  const char* experts_path = "experts";  ///< in the checkpoint; early previews say "moe"
  std::vector<LayerSpec> layers;
  RopeSpec full_rope;
  RopeSpec sliding_rope;
};

/// The last `num_kv_shared_layers` layers use the keys and values of the last layer of their type in front of them.
/// Throws ConfigError when there is none.
void set_donors(const ConfigJson& config, std::int64_t shared, std::vector<LayerSpec>& layers);

/// What the configuration classes of one family's members take for keys that are absent.
struct TextDefaults {
  std::int64_t hidden_size_per_layer_input = 256;
  std::int64_t window = 512;
  std::int64_t max_position_embeddings = 131072;
};
/// Gemma4UnifiedTextConfig, which knows no per-layer embeddings.
inline constexpr TextDefaults kUnifiedDefaults{0, 1024, 262144};

/// Reads both spellings (global_head_dim, or per_layer_config). Throws ConfigError.
TextSpec read_text_spec(const ConfigJson& config, const TextDefaults& defaults = {});

}  // namespace eft::gemma4
