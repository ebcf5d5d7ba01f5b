#include "models/gemma3/spec.h"

#include <cmath>

namespace eft::gemma3 {
namespace {

std::vector<decoder::LayerSpec> read_layers(const ConfigJson& config, std::int64_t count) {
  const std::int64_t pattern = config.integer("sliding_window_pattern", 6);
  std::vector<decoder::LayerSpec> layers;
  for (const bool sliding : read_sliding_layers(config, count, pattern)) {
    layers.push_back({.sliding = sliding,
                      .head_dim = config.integer("head_dim", 256),
                      .num_key_value_heads = config.integer("num_key_value_heads", 4),
                      .intermediate_size = config.integer("intermediate_size", 9216)});
  }
  return layers;
}

}  // namespace

TextSpec read_text_spec(const ConfigJson& config) {
  TextSpec spec{
      .vocab_size = config.integer("vocab_size", 262208),
      .hidden_size = config.integer("hidden_size", 2304),
      .num_attention_heads = config.integer("num_attention_heads", 8),
      .max_position_embeddings = config.integer("max_position_embeddings", 131072),
      .rms_norm_eps = config.number("rms_norm_eps", 1e-6),
      .final_logit_softcapping = config.number("final_logit_softcapping", 0),
      .pad_token_id = config.integer("pad_token_id", 0),
      .window = config.integer("sliding_window", 4096),
      .layers = read_layers(config, config.integer("num_hidden_layers", 26)),
      .full_rope = read_scaled_rope(config),
      .sliding_rope = read_rope(config, "sliding_attention", {.theta = config.number("rope_local_base_freq", 1e4)}),
      .attention_scale = 1.0 / std::sqrt(config.number("query_pre_attn_scalar", 256)),
      .norm_offset = 1.0,
      .values_are_normed = false,
      .causal = !config.boolean("use_bidirectional_attention", false),
      .block_sight = decoder::BlockSight::all,
      .queries_first = true,
  };
  if (!spec.causal) spec.window = spec.window / 2 + 1;
  return spec;
}

}  // namespace eft::gemma3
