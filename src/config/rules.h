#pragma once

#include <string>
#include <vector>

#include "config/run_config.h"

namespace eft {

/// A rule that spans several fields and does not hold.
struct BrokenRule {
  std::string key;   ///< where the user should look
  std::string what;  ///< names the other keys that the rule looks at
};

/// All broken rules in the order of the table, of those with one key the first.
std::vector<BrokenRule> broken_rules(const RunConfig& config);

/// Combinations that are allowed but do nothing.
void add_idle_notes(const RunConfig& config, Notes& notes);

}  // namespace eft
