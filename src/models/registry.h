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

/// Builds the model that `folder`/config.json describes; names follow `files` where the family has several layouts,
/// else what Transformers writes. Throws ConfigError for an unknown model_type (lists the known ones).
BuiltModel build_model(const std::filesystem::path& config, LinearPolicy policy, const WeightSource* files);

}  // namespace eft
