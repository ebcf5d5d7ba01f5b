#pragma once

#include <string>

#include "schema/yaml.h"

namespace eft {

/// Sets one value in the tree from `key=value`: the key is a path ("lora_r", "datasets[0].path" or "datasets.0.path"),
/// the value is YAML. Missing mappings are made; a list index may be one past the end. Throws ConfigError.
void apply_override(YamlNode& root, const std::string& assignment);

}  // namespace eft
