#pragma once

#include <cstdint>
#include <vector>

#include "models/config_json.h"
#include "models/rope.h"

namespace eft::gemma3 {

/// The sizes of a Gemma 3 text model, from config.json (or its text_config).
struct TextSpec {
  std::int64_t vocab_size;
  std::int64_t hidden_size;
  std::int64_t intermediate_size;
  std::int64_t num_hidden_layers;
  std::int64_t num_attention_heads;
  std::int64_t num_key_value_heads;
  std::int64_t head_dim;
  std::int64_t max_position_embeddings;
  double rms_norm_eps;
  double query_pre_attn_scalar;
  double final_logit_softcapping;  ///< 0: none
  std::int64_t pad_token_id;
  std::int64_t window;             ///< effective sliding window
  bool causal;                     ///< false for embedding models
  std::vector<bool> sliding;       ///< per layer
  RopeSpec full_rope;
  RopeSpec sliding_rope;
};

/// Reads both spellings (rope_theta and rope_local_base_freq, or rope_parameters). Throws ConfigError.
TextSpec read_text_spec(const ConfigJson& config);

}  // namespace eft::gemma3
