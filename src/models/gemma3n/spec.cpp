#include "models/gemma3n/spec.h"

#include "base/error.h"

namespace eft::gemma3n {
namespace {

/// A key that holds one value for all layers or a list with one for each.
template <class T>
std::vector<T> by_layer(const ConfigJson& config, const char* key, std::vector<T> values, std::size_t layers) {
  if (values.size() == 1) values.resize(layers, values[0]);
  if (values.size() != layers) {
    throw ConfigError("{}: {} values, expected {} (num_hidden_layers)", config.where(key), values.size(), layers);
  }
  return values;
}

std::vector<decoder::LayerSpec> read_layers(const ConfigJson& config, std::int64_t count) {
  const std::vector<bool> sliding = read_sliding_layers(config, count, 5);
  std::vector<std::int64_t> widths = config.integers("intermediate_size");
  if (widths.empty()) widths = {16384};
  widths = by_layer(config, "intermediate_size", widths, sliding.size());
  std::vector<decoder::LayerSpec> layers;
  for (std::size_t i = 0; i < sliding.size(); ++i) {
    layers.push_back({.sliding = sliding[i],
                      .head_dim = config.integer("head_dim", 256),
                      .num_key_value_heads = config.integer("num_key_value_heads", 2),
                      .intermediate_size = widths[i]});
  }
  decoder::set_donors(config, config.integer("num_kv_shared_layers", 15), layers);
  return layers;
}

/// Left out, the first ten layers of a deep model are sparse.
std::vector<double> read_sparsity(const ConfigJson& config, std::size_t layers) {
  std::vector<double> sparsity = config.numbers("activation_sparsity_pattern");
  if (sparsity.empty()) {
    sparsity.assign(layers, 0.0);
    for (std::size_t i = 0; i < 10 && layers > 10; ++i) sparsity[i] = 0.95;
  }
  for (const double share : sparsity) {
    if (share < 0 || share >= 1) {
      throw ConfigError("{}: {}, expected shares from 0 to below 1", config.where("activation_sparsity_pattern"),
                        share);
    }
  }
  return by_layer(config, "activation_sparsity_pattern", sparsity, layers);
}

}  // namespace

TextSpec read_text_spec(const ConfigJson& config) {
  if (config.integer("altup_active_idx", 0) != 0) {
    throw ConfigError("{}: {}, expected 0", config.where("altup_active_idx"), config.integer("altup_active_idx", 0));
  }
  const std::int64_t layers = config.integer("num_hidden_layers", 35);
  TextSpec spec;
  static_cast<decoder::TextSpec&>(spec) = {
      .vocab_size = config.integer("vocab_size", 262400),
      .hidden_size = config.integer("hidden_size", 2048),
      .num_attention_heads = config.integer("num_attention_heads", 8),
      .max_position_embeddings = config.integer("max_position_embeddings", 32768),
      .rms_norm_eps = config.number("rms_norm_eps", 1e-6),
      .final_logit_softcapping = config.number("final_logit_softcapping", 30.0),
      .pad_token_id = config.integer("pad_token_id", 0),
      .window = config.integer("sliding_window", 512),
      .layers = read_layers(config, layers),
      .full_rope = read_scaled_rope(config),
      .sliding_rope = read_rope(config, "sliding_attention", {.theta = config.number("rope_local_base_freq", 1e4)}),
      .hidden_size_per_layer_input = config.integer("hidden_size_per_layer_input", 256),
      .vocab_size_per_layer_input = config.integer("vocab_size_per_layer_input", 262144),
  };
  spec.altup_num_inputs = config.integer("altup_num_inputs", 4);
  spec.altup_coef_clip = config.number("altup_coef_clip", 120.0);
  spec.altup_correct_scale = config.boolean("altup_correct_scale", true);
  spec.laurel_rank = config.integer("laurel_rank", 64);
  spec.activation_sparsity = read_sparsity(config, static_cast<std::size_t>(layers));
  return spec;
}

}  // namespace eft::gemma3n
