#pragma once

#include "models/config_json.h"

namespace eft::gemma3 {

/// The sizes of Gemma 3's vision tower (SigLIP) and of what joins it to the text model.
struct VisionSpec {
  std::int64_t hidden_size;
  std::int64_t intermediate_size;
  std::int64_t num_hidden_layers;
  std::int64_t num_attention_heads;
  std::int64_t image_size;  ///< of the square pictures, in pixels
  std::int64_t patch_size;
  std::int64_t num_channels;
  double layer_norm_eps;
  std::int64_t tokens_per_image;
  std::int64_t text_hidden_size;

  std::int64_t patches_per_side() const { return image_size / patch_size; }
  std::int64_t patches() const { return patches_per_side() * patches_per_side(); }
  std::int64_t patch_elements() const { return num_channels * patch_size * patch_size; }
  /// Patches of a side that become one token together.
  std::int64_t pool_size() const;
};

/// Reads vision_config and mm_tokens_per_image of a container's config.json. Throws ConfigError with the key for what
/// cannot be.
VisionSpec read_vision_spec(const ConfigJson& container, std::int64_t text_hidden_size);

}  // namespace eft::gemma3
