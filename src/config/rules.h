#pragma once

#include <string>

#include "config/run_config.h"

namespace eft {

/// A rule that spans several fields and does not hold.
struct BrokenRule {
  std::string key;  ///< where the user should look; empty when all rules hold
  std::string what;
};

/// The first broken rule in the order of the table.
BrokenRule first_broken_rule(const RunConfig& config);

/// Combinations that are allowed but do nothing.
void add_idle_notes(const RunConfig& config, Notes& notes);

}  // namespace eft
