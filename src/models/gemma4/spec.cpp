#include "models/gemma4/spec.h"

#include <string>

#include "base/error.h"

namespace eft::gemma4 {
namespace {

/// Head size and key heads of a full layer: `per_layer_config` where it stands, else the two global keys.
void read_full_layer(const ConfigJson& config, std::size_t index, bool key_is_value, LayerSpec& layer) {
  if (const auto overrides = config.object("per_layer_config")) {
    const auto own = overrides->object(std::to_string(index));
    if (!own) return;
    layer.head_dim = own->integer("head_dim", layer.head_dim);
    layer.num_key_value_heads = own->integer("num_key_value_heads", layer.num_key_value_heads);
    return;
  }
  layer.head_dim = config.integer("global_head_dim", 512);
  if (key_is_value) {
    layer.num_key_value_heads = config.integer("num_global_key_value_heads", layer.num_key_value_heads);
  }
}

std::vector<LayerSpec> read_layers(const ConfigJson& config, std::int64_t count) {
  std::vector<bool> sliding = read_sliding_layers(config, count, 6);
  if (!sliding.empty()) sliding.back() = false;  // the family's rule: the last layer sees everything
  const bool keys_are_values = config.boolean("attention_k_eq_v", false);
  const LayerSpec common{.sliding = true,
                         .head_dim = config.integer("head_dim", 256),
                         .num_key_value_heads = config.integer("num_key_value_heads", 4),
                         .intermediate_size = config.integer("intermediate_size", 9216)};
  std::vector<LayerSpec> layers(sliding.size(), common);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    layers[i].sliding = sliding[i];
    if (sliding[i]) continue;
    layers[i].key_is_value = keys_are_values;
    read_full_layer(config, i, keys_are_values, layers[i]);
  }
  decoder::set_donors(config, config.integer("num_kv_shared_layers", 0), layers);
  if (config.boolean("use_double_wide_mlp", false)) {
    for (LayerSpec& layer : layers) {
      if (layer.kv_donor) layer.intermediate_size *= 2;
    }
  }
  return layers;
}

void read_experts(const ConfigJson& config, TextSpec& spec) {
  if (!config.boolean("enable_moe_block", false)) return;
  const auto needed = [&](const char* key) {
    const std::int64_t value = config.integer(key, 0);
    if (value < 1) throw ConfigError("{}: {}, expected at least 1 with enable_moe_block", config.where(key), value);
    return value;
  };
  spec.num_experts = needed("num_experts");
  spec.top_k_experts = needed("top_k_experts");
  spec.moe_intermediate_size = needed("moe_intermediate_size");
  if (spec.top_k_experts > spec.num_experts) {
    throw ConfigError("{}: {}, expected at most num_experts: {}", config.where("top_k_experts"), spec.top_k_experts,
                      spec.num_experts);
  }
}

}  // namespace

TextSpec read_text_spec(const ConfigJson& config, const TextDefaults& defaults) {
  if (config.string("use_bidirectional_attention", "") == "all") {
    throw ConfigError("{}: \"all\" is not supported; expected null or \"vision\"",
                      config.where("use_bidirectional_attention"));
  }
  TextSpec spec;
  static_cast<decoder::TextSpec&>(spec) = {
      .vocab_size = config.integer("vocab_size", 262144),
      .hidden_size = config.integer("hidden_size", 2304),
      .num_attention_heads = config.integer("num_attention_heads", 8),
      .max_position_embeddings = config.integer("max_position_embeddings", defaults.max_position_embeddings),
      .rms_norm_eps = config.number("rms_norm_eps", 1e-6),
      .final_logit_softcapping = config.number("final_logit_softcapping", 0),
      .pad_token_id = config.integer("pad_token_id", 0),
      .window = config.integer("sliding_window", defaults.window),
      .layers = read_layers(config, config.integer("num_hidden_layers", 30)),
      .full_rope = read_rope(config, "full_attention", {.theta = 1e6, .rotated_share = 0.25}),
      .sliding_rope = read_rope(config, "sliding_attention", {.theta = 1e4}),
      .hidden_size_per_layer_input =
          config.integer("hidden_size_per_layer_input", defaults.hidden_size_per_layer_input),
      .vocab_size_per_layer_input = config.integer("vocab_size_per_layer_input", 262144),
  };
  read_experts(config, spec);
  return spec;
}

}  // namespace eft::gemma4
