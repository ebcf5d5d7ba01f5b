#pragma once

#include "models/config_json.h"

namespace eft {

/// Throws ConfigError, with the key, for a size in the text configuration that no model has: what is computed from
/// sizes stays within 64 bits, and layers are so few that lists of them are searched through.
void check_sizes(const ConfigJson& text);

}  // namespace eft
