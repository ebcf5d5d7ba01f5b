#include "nn/linear_policy.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "nn/towers.h"

namespace eft {
namespace {

/// PEFT's rule for lists: the whole name, or its end at a dot.
bool names(std::string_view target, std::string_view path) {
  return path == target ||
         (path.size() > target.size() && path.ends_with(target) && path[path.size() - target.size() - 1] == '.');
}

/// Which entries of a list name `module`.
bool mark_named(const std::vector<std::string>& items, std::string_view module, std::vector<bool>& used) {
  bool matched = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!names(items[i], module)) continue;
    used[i] = true;
    matched = true;
  }
  return matched;
}

}  // namespace

std::string LinearPolicy::where(const char* key, const char* peft_key) const {
  return options_.model_dir.empty() ? key : (options_.model_dir / "adapter_config.json").string() + ": " + peft_key;
}

std::vector<LinearPolicy::Pattern> LinearPolicy::read_patterns(const StringMap& map, const std::string& where) const {
  std::vector<Pattern> patterns;
  for (const StringMap::Entry& entry : map.entries) {
    std::int64_t value = 0;
    const char* end = entry.value.data() + entry.value.size();
    const auto [stop, failure] = std::from_chars(entry.value.data(), end, value);
    if (failure != std::errc() || stop != end || value < 1) {
      throw ConfigError("{}: {}: {}, expected a positive integer", where, entry.key, entry.value);
    }
    // As PEFT puts them together. By itself too: what is broken shows as it was written.
    Regex(entry.key, where);
    patterns.push_back({Regex("(.*\\.)?(" + entry.key + ")", where), value});
  }
  return patterns;
}

LinearPolicy::LinearPolicy(const AdapterOptions& options)
    : options_(options),
      rank_patterns_(read_patterns(options.rank_pattern, where("lora_rank_pattern", "rank_pattern"))),
      alpha_patterns_(read_patterns(options.alpha_pattern, where("lora_alpha_pattern", "alpha_pattern"))),
      target_used_(options.target_modules.items.size(), false),
      parameter_target_used_(options.target_parameters.items.size(), false),
      exclude_used_(options.exclude_modules.items.size(), false),
      saved_used_(options.modules_to_save.size(), false) {
  if (options_.kind == AdapterKind::none) return;
  if (!options_.rank || !options_.alpha) throw ConfigError("lora_r, lora_alpha: both are needed for adapter: lora");
  const bool parameters = !options_.target_parameters.empty();
  if (options_.target_modules.empty() && !options_.target_linear && !parameters) {
    throw ConfigError(
        "lora_target_modules: nothing would get an adapter; name modules or set lora_target_linear: true");
  }
  if (parameters && options_.dropout > 0) {
    throw ConfigError(
        "lora_dropout: {} does not go with lora_target_parameters, nor does it in PEFT; set lora_dropout: 0",
        options_.dropout);
  }
  const auto pattern_of = [](const StringOrList& list, const std::string& where) -> std::optional<Regex> {
    if (!list.is_string || list.empty()) return std::nullopt;
    return Regex(list.items[0], where);
  };
  pattern_ = pattern_of(options_.target_modules, where("lora_target_modules", "target_modules"));
  exclude_pattern_ = pattern_of(options_.exclude_modules, where("lora_exclude_modules", "exclude_modules"));
}

bool LinearPolicy::excluded(std::string_view module) {
  if (!exclude_pattern_) return mark_named(options_.exclude_modules.items, module, exclude_used_);
  const bool hit = exclude_pattern_->matches(module);
  if (hit) exclude_used_[0] = true;
  return hit;
}

bool LinearPolicy::targets(std::string_view module) {
  if (pattern_) {
    const bool hit = pattern_->matches(module);
    if (hit) target_used_[0] = true;
    return hit;
  }
  return mark_named(options_.target_modules.items, module, target_used_);
}

bool LinearPolicy::targets_parameter(std::string_view parameter) {
  return mark_named(options_.target_parameters.items, parameter, parameter_target_used_);
}

LoraSettings LinearPolicy::settings(std::string_view module) const {
  const auto own_value = [module](const std::vector<Pattern>& patterns, std::int64_t common) {
    for (const Pattern& pattern : patterns) {
      if (pattern.module.matches(module)) return pattern.value;
    }
    return common;
  };
  const std::int64_t rank = own_value(rank_patterns_, *options_.rank);
  const auto alpha = static_cast<double>(own_value(alpha_patterns_, *options_.alpha));
  const auto divisor = static_cast<double>(rank);
  return {.rank = rank, .scale = alpha / (options_.rslora ? std::sqrt(divisor) : divisor), .dropout = options_.dropout};
}

std::optional<LoraSettings> LinearPolicy::lora(std::string_view module) {
  linears_.emplace_back(module);
  if (options_.kind == AdapterKind::none) return std::nullopt;
  const bool targeted = targets(module);  // also where target_linear takes it anyway: the target has matched
  if ((!targeted && !options_.target_linear) || excluded(module)) return std::nullopt;
  if (saves(std::string(module) + ".weight")) {
    throw ConfigError(
        "lora_modules_to_save: {} is trained in full and would get an adapter too; name it in "
        "lora_exclude_modules",
        module);
  }
  ++adapted_;
  return settings(module);
}

std::optional<LoraSettings> LinearPolicy::lora_of_parameter(std::string_view parameter, std::string_view adapter) {
  parameters_.emplace_back(parameter);
  if (options_.kind == AdapterKind::none || !targets_parameter(parameter)) return std::nullopt;
  ++adapted_;
  of_parameters_.push_back({std::string(parameter), std::string(adapter), settings(parameter).scale});
  return settings(parameter);
}

bool LinearPolicy::saves(std::string_view parameter) {
  bool saved = false;
  for (std::size_t dot = parameter.find('.'); dot != std::string_view::npos; dot = parameter.find('.', dot + 1)) {
    const std::string_view module = parameter.substr(0, dot);
    for (std::size_t i = 0; i < saved_used_.size(); ++i) {
      if (!module.ends_with(options_.modules_to_save[i])) continue;
      saved_used_[i] = true;
      saved = true;
    }
  }
  return saved;
}

Storage LinearPolicy::storage(std::string_view parameter) const {
  constexpr std::string_view kLinears[] = {".q_proj.weight",
                                           ".k_proj.weight",
                                           ".v_proj.weight",
                                           ".o_proj.weight",
                                           ".gate_proj.weight",
                                           ".up_proj.weight",
                                           ".down_proj.weight",
                                           ".per_layer_input_gate.weight",
                                           ".per_layer_projection.weight"};
  constexpr std::string_view kExperts[] = {".experts.gate_up_proj", ".experts.down_proj"};
  const auto ends = [&](std::string_view end) { return parameter.ends_with(end); };
  const std::string path = fmt::format(".{}.", parameter);
  const auto names = [&](const std::string& part) { return path.find("." + part + ".") != std::string::npos; };
  if (is_of_tower(parameter) || std::ranges::any_of(frozen_.skipped, names)) return {};
  if (std::ranges::any_of(kLinears, ends)) return frozen_.linears;
  return std::ranges::any_of(kExperts, ends) ? frozen_.experts : Storage();
}

void LinearPolicy::leave_plain(std::string_view name, std::string_view reason) {
  if (options_.kind == AdapterKind::none) return;
  const auto refuse = [&](const char* key) {
    throw ConfigError("{}: would adapt {}; {}; take it out of the targets or name it in lora_exclude_modules", key,
                      name, reason);
  };
  if (targets(name) && !excluded(name)) refuse("lora_target_modules");
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
  if (target == "all-linear") return "that word stands alone, lora_target_modules: all-linear, without a list";
  return "its linears are named like " + (linears_.empty() ? "(none)" : linears_.front());
}

void LinearPolicy::check_used(const std::vector<std::string>& targets, const std::vector<bool>& used, const char* key,
                              const char* peft_key) const {
  const bool of_parameter = &targets == &options_.target_parameters.items;
  const char* kind = of_parameter ? "parameter of experts" : "linear";
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) continue;
    const bool from_file = !options_.model_dir.empty();
    if (from_file && adapted_ > 0)
      continue;  // a module of towers, perhaps; the file's tensors tell what has an adapter
    if (from_file) {
      throw ConfigError("{}: {}: {} matches no {} of this model; is it an adapter for another model?",
                        options_.model_dir.string(), peft_key, targets[i], kind);
    }
    if (names("embed_tokens", targets[i]) || names("lm_head", targets[i])) {
      throw ConfigError(
          "{}: {}: adapters on the embedding and the output layer are not supported yet; take it out, or "
          "train it whole with lora_modules_to_save",
          key, targets[i]);
    }
    throw ConfigError("{}: {} matches no {} of this model; {}", key, targets[i], kind, hint(targets[i], of_parameter));
  }
}

void LinearPolicy::check_matched() const {
  if (options_.kind == AdapterKind::none) return;
  check_used(options_.target_modules.items, target_used_, "lora_target_modules", "target_modules");
  for (std::size_t i = 0; i < exclude_used_.size(); ++i) {
    if (exclude_used_[i] || !options_.model_dir.empty()) continue;
    throw ConfigError("lora_exclude_modules: {} matches nothing that would get an adapter",
                      options_.exclude_modules.items[i]);
  }
  for (std::size_t i = 0; i < saved_used_.size(); ++i) {
    if (saved_used_[i]) continue;
    throw ConfigError(
        "lora_modules_to_save: {} matches no module of this model; it has embed_tokens, norm and what is "
        "named like {}",
        options_.modules_to_save[i], linears_.empty() ? "(none)" : linears_.front());
  }
  check_used(options_.target_parameters.items, parameter_target_used_, "lora_target_parameters", "target_parameters");
  if (adapted_ == 0) throw ConfigError("lora_target_modules: no linear of this model matches");
}

}  // namespace eft
