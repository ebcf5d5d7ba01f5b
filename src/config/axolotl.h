#pragma once

#include "config/run_config.h"
#include "schema/faults.h"
#include "schema/yaml.h"

namespace eft {

/// Turns a tree in Axolotl's spelling into one that holds only keys of RunConfig: old spellings are renamed, keys that
/// change nothing in eft are dropped and named in `notes`. Keys and values that are unknown or not supported yet are
/// taken out of the tree and added to `faults`.
void translate_axolotl(YamlNode& root, Notes& notes, Faults& faults);

}  // namespace eft
