#pragma once

#include "models/config_json.h"
#include "models/registry.h"

namespace eft::gemma3 {

/// Whether the vision tower is to be built: what is asked for, against what configuration and files have. Throws
/// ConfigError where it is wanted and config.json has no vision_config.
bool wants_vision(const ConfigJson& container, const WeightSource* files, Vision vision);

/// Declares vision tower and projector under the names of `files`, else those that Transformers writes, and gives them
/// to the model. Without `adapt` no linear of them gets an adapter.
void add_vision(Model& model, const ConfigJson& container, std::int64_t text_hidden_size, const WeightSource* files,
                bool adapt);

}  // namespace eft::gemma3
