#pragma once

#include <cstdint>

#include "models/decoder/spec.h"

namespace eft::gemma4 {

using decoder::LayerSpec;

/// The sizes of a Gemma 4 text model, from config.json (or its text_config).
struct TextSpec : decoder::TextSpec {
  std::int64_t num_experts = 0;  ///< 0: no mixture of experts beside the dense MLP
  std::int64_t top_k_experts = 0;
  std::int64_t moe_intermediate_size = 0;
  const char* experts_path = "experts";  ///< in the checkpoint; early previews say "moe"
};

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
