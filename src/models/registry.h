#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/regex.h"
#include "models/model.h"
#include "quant/weight_source.h"

namespace eft {

/// Tensors of a checkpoint that a text model leaves unread, by declaration of its family, and why.
struct SkipRule {
  Regex pattern;       ///< for the whole name
  std::string reason;  ///< "vision tower: this is a text run"
  bool tied = false;   ///< a copy of the embedding, which must not stay beside one that was trained
};

/// A model built from a configuration, without weights.
struct BuiltModel {
  std::unique_ptr<Model> model;
  std::vector<SkipRule> skipped;
};

/// Whether the vision tower of a container is built.
enum class Vision {
  none,          ///< a text run
  where_stored,  ///< where the checkpoint holds one that eft knows
  wanted,        ///< a ConfigError where there is none
};

/// What of a container is built beside its text decoder.
struct Parts {
  Vision vision = Vision::none;
  bool adapt_vision = true;  ///< false: the policy does not count there, the adapter is one of a text run
};

/// Builds the model that `folder`/config.json describes; names follow `files` where the family has several layouts,
/// else what Transformers writes. Without `files` a tower counts as stored where the configuration has one. Throws
/// ConfigError for an unknown model_type (lists the known ones).
BuiltModel build_model(const std::filesystem::path& config, LinearPolicy policy, const WeightSource* files,
                       Parts parts = {});

}  // namespace eft
