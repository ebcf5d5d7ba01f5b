#include "models/decoder/spec.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace eft::decoder {

void set_donors(const ConfigJson& config, std::int64_t shared, std::vector<LayerSpec>& layers) {
  const auto first_shared = static_cast<std::size_t>(static_cast<std::int64_t>(layers.size()) - shared);
  for (std::size_t i = first_shared; i < layers.size(); ++i) {
    std::size_t donor = first_shared;
    while (donor > 0 && layers[donor - 1].sliding != layers[i].sliding) --donor;
    if (donor == 0) {
      throw ConfigError("{}: {} leaves layer {} without a layer of its type to share with",
                        config.where("num_kv_shared_layers"), shared, i);
    }
    layers[i].kv_donor = donor - 1;
    layers[donor - 1].donates = true;
  }
}

std::size_t last_owner(const TextSpec& spec) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    if (!spec.layers[i].kv_donor) last = i;
  }
  return last;
}

std::size_t cache_entry(const TextSpec& spec, std::size_t layer) {
  const auto owner = static_cast<std::ptrdiff_t>(spec.layers[layer].kv_donor.value_or(layer));
  const auto owns = [](const LayerSpec& one) { return !one.kv_donor; };
  return static_cast<std::size_t>(std::count_if(spec.layers.begin(), spec.layers.begin() + owner, owns));
}

ModelInfo model_info(const TextSpec& spec, std::string family, std::vector<std::int32_t> stop_tokens) {
  ModelInfo info{.family = std::move(family),
                 .vocabulary = spec.vocab_size,
                 .layers = spec.num_hidden_layers(),
                 .max_positions = spec.max_position_embeddings,
                 .final_softcap = spec.final_logit_softcapping,
                 .cache_windows = {},
                 .stop_tokens = std::move(stop_tokens),
                 .image = {}};
  for (const LayerSpec& layer : spec.layers) {
    if (!layer.kv_donor) info.cache_windows.push_back(layer.sliding ? spec.window : 0);
  }
  return info;
}

}  // namespace eft::decoder
