#pragma once

#include "config/run_config.h"
#include "schema/yaml.h"

namespace eft {

/// Turns a tree in Axolotl's spelling into one that holds only keys of RunConfig: old spellings are renamed, keys that
/// change nothing in eft are dropped and named in `notes`. Throws ConfigError for keys and values that are unknown or
/// not supported yet.
void translate_axolotl(YamlNode& root, Notes& notes);

}  // namespace eft
