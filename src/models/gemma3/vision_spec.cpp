#include "models/gemma3/vision_spec.h"

#include <cmath>

#include "base/error.h"

namespace eft::gemma3 {
namespace {

struct Limit {
  const char* key;
  std::int64_t value;
  std::int64_t most;
};

void check_sizes(const ConfigJson& config, const VisionSpec& spec) {
  const Limit limits[] = {{"hidden_size", spec.hidden_size, 1 << 20},
                          {"intermediate_size", spec.intermediate_size, 1 << 20},
                          {"num_hidden_layers", spec.num_hidden_layers, 512},
                          {"num_attention_heads", spec.num_attention_heads, 4096},
                          {"image_size", spec.image_size, 1 << 14},
                          {"patch_size", spec.patch_size, 1 << 10},
                          {"num_channels", spec.num_channels, 16}};
  for (const auto& [key, value, most] : limits) {
    if (value < 1 || value > most) throw ConfigError("{}: {}, expected 1 to {}", config.where(key), value, most);
  }
  if (spec.hidden_size % spec.num_attention_heads != 0) {
    throw ConfigError("{}: {}, expected a divisor of hidden_size: {}", config.where("num_attention_heads"),
                      spec.num_attention_heads, spec.hidden_size);
  }
  if (spec.image_size % spec.patch_size != 0) {
    throw ConfigError("{}: {}, expected a divisor of image_size: {}", config.where("patch_size"), spec.patch_size,
                      spec.image_size);
  }
  if (!(spec.layer_norm_eps > 0) || spec.layer_norm_eps > 1) {
    throw ConfigError("{}: {}, expected a small positive number", config.where("layer_norm_eps"), spec.layer_norm_eps);
  }
  const std::string activation = config.string("hidden_act", "gelu_pytorch_tanh");
  if (activation != "gelu_pytorch_tanh") {
    throw ConfigError("{}: {} is not supported; expected gelu_pytorch_tanh", config.where("hidden_act"), activation);
  }
  if (const double dropout = config.number("attention_dropout", 0); dropout != 0) {
    throw ConfigError("{}: {} is not supported; expected 0", config.where("attention_dropout"), dropout);
  }
}

/// √tokens where it is whole and divides the patches of a side.
void check_tokens(const ConfigJson& container, const VisionSpec& spec) {
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(spec.tokens_per_image))));
  if (side < 1 || side * side != spec.tokens_per_image || spec.patches_per_side() % side != 0) {
    throw ConfigError("{}: {}, expected the square of a divisor of the {} patches on a side of an image",
                      container.where("mm_tokens_per_image"), spec.tokens_per_image, spec.patches_per_side());
  }
}

}  // namespace

std::int64_t VisionSpec::pool_size() const {
  return patches_per_side() / static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(tokens_per_image))));
}

VisionSpec read_vision_spec(const ConfigJson& container, std::int64_t text_hidden_size) {
  const auto config = container.object("vision_config");
  if (!config) throw ConfigError("{}: missing; expected an object", container.where("vision_config"));
  const VisionSpec spec{
      .hidden_size = config->integer("hidden_size", 768),
      .intermediate_size = config->integer("intermediate_size", 3072),
      .num_hidden_layers = config->integer("num_hidden_layers", 12),
      .num_attention_heads = config->integer("num_attention_heads", 12),
      .image_size = config->integer("image_size", 224),
      .patch_size = config->integer("patch_size", 16),
      .num_channels = config->integer("num_channels", 3),
      .layer_norm_eps = config->number("layer_norm_eps", 1e-6),
      .tokens_per_image = container.integer("mm_tokens_per_image", 256),
      .text_hidden_size = text_hidden_size,
  };
  check_sizes(*config, spec);
  check_tokens(container, spec);
  return spec;
}

}  // namespace eft::gemma3
