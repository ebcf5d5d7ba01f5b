#include "nn/linear_policy.h"

#include "base/error.h"

namespace eft {

LinearPolicy::LinearPolicy(const AdapterOptions& options)
    : options_(options), target_used_(options.target_modules.items.size(), false) {
  if (options_.kind == AdapterKind::none) return;
  if (!options_.rank || !options_.alpha) throw ConfigError("lora_r, lora_alpha: both are needed for adapter: lora");
  if (options_.target_modules.empty() && !options_.target_linear) {
    throw ConfigError("lora_target_modules: nothing would get an adapter; name modules or set lora_target_linear: true");
  }
  if (!options_.target_modules.is_string || options_.target_modules.empty()) return;
  try {
    pattern_.emplace(options_.target_modules.items[0]);
  } catch (const std::regex_error& error) {
    throw ConfigError("lora_target_modules: {} is not a regular expression: {}", options_.target_modules.items[0],
                      error.what());
  }
}

bool LinearPolicy::matches(std::string_view module) {
  bool matched = options_.target_linear;
  if (pattern_) {
    const bool hit = std::regex_match(module.begin(), module.end(), *pattern_);
    if (hit) target_used_[0] = true;
    return matched || hit;
  }
  for (std::size_t i = 0; i < options_.target_modules.items.size(); ++i) {
    const std::string& target = options_.target_modules.items[i];
    if (module == target || module.ends_with("." + target)) {
      target_used_[i] = true;
      matched = true;
    }
  }
  return matched;
}

std::optional<LoraSettings> LinearPolicy::lora(std::string_view module) {
  linears_.emplace_back(module);
  if (options_.kind == AdapterKind::none || !matches(module)) return std::nullopt;
  ++adapted_;
  return LoraSettings{.rank = *options_.rank,
                      .scale = static_cast<double>(*options_.alpha) / static_cast<double>(*options_.rank),
                      .dropout = options_.dropout};
}

void LinearPolicy::check_matched() const {
  if (options_.kind == AdapterKind::none) return;
  for (std::size_t i = 0; i < target_used_.size(); ++i) {
    if (target_used_[i]) continue;
    if (!options_.model_dir.empty()) {
      throw ConfigError("{}: target_modules: {} matches no linear of this model; is it an adapter for another model?",
                        options_.model_dir.string(), options_.target_modules.items[i]);
    }
    throw ConfigError("lora_target_modules: {} matches no linear of this model; its linears are named like {}",
                      options_.target_modules.items[i], linears_.empty() ? "(none)" : linears_.front());
  }
  if (adapted_ == 0) throw ConfigError("lora_target_modules: no linear of this model matches");
}

}  // namespace eft
