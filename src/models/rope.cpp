#include "models/rope.h"

#include <cmath>

#include "base/error.h"

namespace eft {

std::vector<double> RopeSpec::inverse_frequencies(std::int64_t head_dim) const {
  std::vector<double> result(static_cast<std::size_t>(head_dim / 2), 0.0);
  const auto rotated = static_cast<std::size_t>(rotated_share * static_cast<double>(head_dim) / 2.0);
  for (std::size_t i = 0; i < rotated && i < result.size(); ++i) {
    result[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim)) / factor;
  }
  return result;
}

RopeSpec read_rope(const ConfigJson& config, const std::string& kind, RopeSpec fallback) {
  const auto parameters = config.object("rope_parameters");
  const auto rope = parameters ? parameters->object(kind) : std::nullopt;
  if (!rope) return fallback;
  RopeSpec result;
  const std::string type = rope->string("rope_type", "default");
  result.theta = rope->number("rope_theta", fallback.theta);
  if (type == "linear") {
    result.factor = rope->number("factor", 1.0);
  } else if (type == "proportional") {
    result.rotated_share = rope->number("partial_rotary_factor", 1.0);
    result.factor = rope->number("factor", 1.0);
  } else if (type != "default") {
    throw ConfigError("{}: {}, expected default, linear or proportional", rope->where("rope_type"), type);
  }
  return result;
}

std::vector<bool> read_sliding_layers(const ConfigJson& config, std::int64_t layers, std::int64_t pattern) {
  std::vector<bool> sliding(static_cast<std::size_t>(layers));
  if (!config.has("layer_types")) {
    for (std::int64_t i = 0; i < layers; ++i) sliding[static_cast<std::size_t>(i)] = (i + 1) % pattern != 0;
    return sliding;
  }
  const auto types = config.strings("layer_types");
  if (static_cast<std::int64_t>(types.size()) != layers) {
    throw ConfigError("{}: {} entries, expected {} (num_hidden_layers)", config.where("layer_types"), types.size(), layers);
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] != "sliding_attention" && types[i] != "full_attention") {
      throw ConfigError("{}: {}, expected sliding_attention or full_attention", config.where("layer_types"), types[i]);
    }
    sliding[i] = types[i] == "sliding_attention";
  }
  return sliding;
}

}  // namespace eft
