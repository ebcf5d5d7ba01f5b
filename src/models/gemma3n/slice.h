#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tensor/safetensors.h"

namespace eft::gemma3n {

/// Which part of a Gemma 3n E4B checkpoint a smaller, nested model takes (MatFormer).
struct SliceConfig {
  std::vector<std::int64_t> layers_skipped;
  std::vector<std::int64_t> ffn_hidden_dims;  ///< one width, or one for each layer that is kept
};

/// "E2B", or a JSON file with the keys `layers_skipped` (a list) and `ffn_hidden_dims` (a number or a list). Throws
/// ConfigError for anything else.
SliceConfig read_slice_config(const std::string& name_or_file);

struct SliceReport {
  std::int64_t layers = 0;
  std::int64_t tensors = 0;
  std::int64_t parameters = 0;  ///< of all tensors written
};

/// Writes the slice of the checkpoint in `model` to the existing folder `out`: kept layers renumbered, the first
/// ffn_hidden_dims neurons of each, their per-layer embeddings, a config.json to match; everything else is copied.
/// Throws ConfigError when the model is no Gemma 3n, a layer that others share keys and values with would go, or a width
/// does not fit. Source: architecture.md of the models, A.9.
SliceReport slice_checkpoint(const std::filesystem::path& model, const SliceConfig& config,
                             const std::filesystem::path& out);

}  // namespace eft::gemma3n
