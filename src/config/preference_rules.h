#pragma once

#include <vector>

#include "config/rules.h"

namespace eft {

/// What keys of preferences break: those of another objective than `rl`, and values that it cannot have.
void add_preference_rules(const RunConfig& config, std::vector<BrokenRule>& broken);

/// What keys of preferences are accepted and change nothing.
void add_preference_notes(const RunConfig& config, Notes& notes);

}  // namespace eft
