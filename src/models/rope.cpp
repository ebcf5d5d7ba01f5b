#include "models/rope.h"

#include <cmath>
#include <optional>

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

namespace {

/// Objects of one meaning; a key counts where it stands first.
class Overlay {
 public:
  void add(std::optional<ConfigJson> object) {
    if (object) objects_.push_back(std::move(*object));
  }
  bool empty() const { return objects_.empty(); }
  /// The first object with `key`; any, which lacks it, when there is none.
  const ConfigJson& with(const char* key) const {
    for (const ConfigJson& object : objects_) {
      if (object.has(key)) return object;
    }
    return objects_.front();
  }

 private:
  std::vector<ConfigJson> objects_;
};

double positive(const Overlay& rope, const char* key, double fallback) {
  const double value = rope.with(key).number(key, fallback);
  if (value > 0 && value < 1e15) return value;
  throw ConfigError("{}: {}, expected a positive number", rope.with(key).where(key), value);
}

RopeSpec read_overlay(const Overlay& rope, RopeSpec fallback) {
  if (rope.empty()) return fallback;
  RopeSpec result{.theta = positive(rope, "rope_theta", fallback.theta)};
  const char* spelling = rope.with("rope_type").has("rope_type") ? "rope_type" : "type";
  const std::string type = rope.with(spelling).string(spelling, "default");
  if (type == "default") return result;
  if (type != "linear" && type != "proportional") {
    throw ConfigError("{}: {}, expected default, linear or proportional", rope.with(spelling).where(spelling), type);
  }
  result.factor = positive(rope, "factor", 1.0);
  if (type == "linear") return result;
  result.rotated_share = positive(rope, "partial_rotary_factor", 1.0);
  if (result.rotated_share <= 1) return result;
  throw ConfigError("{}: {}, expected a share up to 1",
                    rope.with("partial_rotary_factor").where("partial_rotary_factor"), result.rotated_share);
}

std::optional<ConfigJson> rope_parameters(const ConfigJson& config, const std::string& kind) {
  const auto parameters = config.object("rope_parameters");
  return parameters ? parameters->object(kind) : std::nullopt;
}

}  // namespace

RopeSpec read_rope(const ConfigJson& config, const std::string& kind, RopeSpec fallback) {
  Overlay rope;
  rope.add(rope_parameters(config, kind));
  return read_overlay(rope, fallback);
}

RopeSpec read_scaled_rope(const ConfigJson& config) {
  const auto scaling = config.object("rope_scaling");
  const auto parameters = rope_parameters(config, "full_attention");
  if (scaling && !scaling->has("rope_type") && scaling->string("type", "default") != "default" &&
      (!parameters || parameters->has("rope_type"))) {
    throw ConfigError("{}: {}, which Transformers 5 passes over there; write rope_type, or remove rope_scaling",
                      scaling->where("type"), scaling->string("type", ""));
  }
  Overlay rope;
  rope.add(scaling);
  rope.add(parameters);
  return read_overlay(rope, {.theta = config.number("rope_theta", 1e6)});
}

std::vector<bool> read_sliding_layers(const ConfigJson& config, std::int64_t layers, std::int64_t pattern) {
  std::vector<bool> sliding(static_cast<std::size_t>(layers));
  if (!config.has("layer_types")) {
    for (std::int64_t i = 0; i < layers; ++i) sliding[static_cast<std::size_t>(i)] = (i + 1) % pattern != 0;
    return sliding;
  }
  const auto types = config.strings("layer_types");
  if (static_cast<std::int64_t>(types.size()) != layers) {
    throw ConfigError("{}: {} entries, expected {} (num_hidden_layers)", config.where("layer_types"), types.size(),
                      layers);
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
