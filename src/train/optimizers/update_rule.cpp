#include "train/optimizers/update_rule.h"

#include <algorithm>

namespace eft {

UpdateRule update_rule(const Parameter& parameter, const OptimizerOptions& options) {
  const bool decays = options.decay_norms || !is_norm(parameter.name);
  return {.rate_factor = 1, .weight_decay = decays ? options.weight_decay : 0};
}

bool is_norm(std::string_view name) {
  const auto contains = [](std::string_view text, std::string_view part) { return text.find(part) != text.npos; };
  if (contains(name, "layernorm") || contains(name, "rmsnorm") || contains(name, "bias")) return true;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('.'));
    if (part == "norm" || part.ends_with("_norm")) return true;
    name.remove_prefix(std::min(name.size(), part.size() + 1));
  }
  return false;
}

}  // namespace eft
