#include "nn/linear_policy.h"

#include "base/error.h"

namespace eft {
namespace {

/// PEFT's rule for lists: the whole name, or its end at a dot.
bool names(std::string_view target, std::string_view path) {
  return path == target || (path.size() > target.size() && path.ends_with(target) &&
                            path[path.size() - target.size() - 1] == '.');
}

}  // namespace

LinearPolicy::LinearPolicy(const AdapterOptions& options)
    : options_(options),
      target_used_(options.target_modules.items.size(), false),
      parameter_target_used_(options.target_parameters.items.size(), false) {
  if (options_.kind == AdapterKind::none) return;
  if (!options_.rank || !options_.alpha) throw ConfigError("lora_r, lora_alpha: both are needed for adapter: lora");
  const bool parameters = !options_.target_parameters.empty();
  if (options_.target_modules.empty() && !options_.target_linear && !parameters) {
    throw ConfigError("lora_target_modules: nothing would get an adapter; name modules or set lora_target_linear: true");
  }
  if (parameters && options_.dropout > 0) {
    throw ConfigError("lora_dropout: {} does not go with lora_target_parameters, nor does it in PEFT; set lora_dropout: 0",
                      options_.dropout);
  }
  if (!options_.target_modules.is_string || options_.target_modules.empty()) return;
  try {
    pattern_.emplace(options_.target_modules.items[0]);
  } catch (const std::regex_error& error) {
    throw ConfigError("lora_target_modules: {} is not a regular expression: {}", options_.target_modules.items[0],
                      error.what());
  }
}

bool LinearPolicy::targets(std::string_view module) {
  if (pattern_) {
    const bool hit = std::regex_match(module.begin(), module.end(), *pattern_);
    if (hit) target_used_[0] = true;
    return hit;
  }
  bool matched = false;
  for (std::size_t i = 0; i < options_.target_modules.items.size(); ++i) {
    if (!names(options_.target_modules.items[i], module)) continue;
    target_used_[i] = true;
    matched = true;
  }
  return matched;
}

bool LinearPolicy::targets_parameter(std::string_view parameter) {
  bool matched = false;
  for (std::size_t i = 0; i < options_.target_parameters.items.size(); ++i) {
    if (!names(options_.target_parameters.items[i], parameter)) continue;
    parameter_target_used_[i] = true;
    matched = true;
  }
  return matched;
}

LoraSettings LinearPolicy::settings() const {
  return {.rank = *options_.rank,
          .scale = static_cast<double>(*options_.alpha) / static_cast<double>(*options_.rank),
          .dropout = options_.dropout};
}

std::optional<LoraSettings> LinearPolicy::lora(std::string_view module) {
  linears_.emplace_back(module);
  if (options_.kind == AdapterKind::none) return std::nullopt;
  const bool targeted = targets(module);  // also where target_linear takes it anyway: the target has matched
  if (!targeted && !options_.target_linear) return std::nullopt;
  ++adapted_;
  return settings();
}

std::optional<LoraSettings> LinearPolicy::lora_of_parameter(std::string_view parameter, std::string_view adapter) {
  parameters_.emplace_back(parameter);
  if (options_.kind == AdapterKind::none || !targets_parameter(parameter)) return std::nullopt;
  ++adapted_;
  of_parameters_.push_back({std::string(parameter), std::string(adapter), settings().scale});
  return settings();
}

void LinearPolicy::leave_plain(std::string_view name, std::string_view reason) {
  if (options_.kind == AdapterKind::none) return;
  const auto refuse = [&](const char* key) {
    throw ConfigError("{}: would adapt {}; {}; take it out of the targets", key, name, reason);
  };
  if (targets(name)) refuse("lora_target_modules");
  if (targets_parameter(name)) refuse("lora_target_parameters");
}

std::string LinearPolicy::hint(const std::string& target, bool of_parameter) const {
  if (of_parameter) {
    return parameters_.empty() ? "this model has none, linears are named in lora_target_modules"
                               : "they are named like " + parameters_.front();
  }
  for (const std::string& parameter : parameters_) {
    if (names(target, parameter)) return "it is a parameter of experts, name it in lora_target_parameters";
  }
  return "its linears are named like " + (linears_.empty() ? "(none)" : linears_.front());
}

void LinearPolicy::check_used(const std::vector<std::string>& targets, const std::vector<bool>& used, const char* key,
                              const char* peft_key) const {
  const bool of_parameter = &targets == &options_.target_parameters.items;
  const char* kind = of_parameter ? "parameter of experts" : "linear";
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) continue;
    if (!options_.model_dir.empty()) {
      throw ConfigError("{}: {}: {} matches no {} of this model; is it an adapter for another model?",
                        options_.model_dir.string(), peft_key, targets[i], kind);
    }
    throw ConfigError("{}: {} matches no {} of this model; {}", key, targets[i], kind, hint(targets[i], of_parameter));
  }
}

void LinearPolicy::check_matched() const {
  if (options_.kind == AdapterKind::none) return;
  check_used(options_.target_modules.items, target_used_, "lora_target_modules", "target_modules");
  check_used(options_.target_parameters.items, parameter_target_used_, "lora_target_parameters", "target_parameters");
  if (adapted_ == 0) throw ConfigError("lora_target_modules: no linear of this model matches");
}

}  // namespace eft
