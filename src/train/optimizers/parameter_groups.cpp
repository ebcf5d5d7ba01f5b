#include "train/optimizers/parameter_groups.h"

#include <algorithm>

#include "base/error.h"

namespace eft {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// Whether either name of a parameter, in the file or in Transformers' memory, holds `part`.
bool has_word(const Parameter& parameter, std::string_view part) {
  return contains(parameter.name, part) || contains(parameter.module, part);
}

bool is_saved_module(const Parameter& parameter) { return parameter.is_adapter() && !parameter.source.empty(); }

/// Optimizers of Axolotl's own take the groups that it makes; Muon's makes none.
bool embeddings_decay(const OptimizerOptions& options) {
  switch (options.kind) {
    case OptimizerKind::optimi_adamw:
    case OptimizerKind::came:
    case OptimizerKind::adopt:
      return false;
    default:
      return !options.groups.any();
  }
}

const LrGroup* lr_group_of(const Parameter& parameter, const GroupOptions& groups) {
  for (const LrGroup& group : groups.lr_groups) {
    if (std::ranges::any_of(group.modules, [&](const std::string& word) { return has_word(parameter, word); })) {
      return &group;
    }
  }
  return nullptr;
}

/// The group of a parameter, without members.
ParameterGroup rule_of(const Parameter& parameter, const OptimizerOptions& options, double peak) {
  const GroupOptions& groups = options.groups;
  const bool norm = is_norm(parameter.name);
  if (groups.loraplus_lr_ratio) {
    const bool second = has_word(parameter, "lora_B") || parameter.shape.rank() == 1;
    return second ? ParameterGroup{"lora_B", *groups.loraplus_lr_ratio} : ParameterGroup{"other"};
  }
  if (!embeddings_decay(options) && is_embedding_like(parameter)) {
    const double rate = groups.embedding_lr.value_or(peak) / peak;
    return {"embeddings", groups.embedding_lr_scale.value_or(rate), 0};
  }
  if (norm && !options.decay_norms) return {"norms", 1, 0};
  if (const LrGroup* group = lr_group_of(parameter, groups)) {
    return {group->name, group->learning_rate / peak, options.weight_decay};
  }
  return {"other", 1, options.weight_decay};
}

}  // namespace

std::vector<ParameterGroup> parameter_groups(ParameterStore& store, const OptimizerOptions& options, double peak) {
  std::vector<ParameterGroup> groups;
  for (Parameter& parameter : store) {
    if (!parameter.trainable()) continue;
    ParameterGroup rule = rule_of(parameter, options, peak);
    auto group = std::ranges::find_if(groups, [&](const ParameterGroup& other) {
      return other.name == rule.name && other.rate_factor == rule.rate_factor &&
             other.weight_decay == rule.weight_decay;
    });
    if (group == groups.end()) group = groups.insert(groups.end(), std::move(rule));
    group->members.push_back(&parameter);
  }
  for (const LrGroup& asked : options.groups.lr_groups) {
    if (std::ranges::find(groups, asked.name, &ParameterGroup::name) != groups.end()) continue;
    throw ConfigError("lr_groups: {}: no trained parameter that decays has one of its words in its name", asked.name);
  }
  return groups;
}

bool is_norm(std::string_view name) {
  if (contains(name, "layernorm") || contains(name, "rmsnorm") || contains(name, "bias")) return true;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('.'));
    if (part == "norm" || part.ends_with("_norm")) return true;
    name.remove_prefix(std::min(name.size(), part.size() + 1));
  }
  return false;
}

bool is_embedding(const Parameter& parameter) {
  std::string_view module = parameter.module;
  if (module.ends_with(".weight")) module.remove_suffix(std::string_view(".weight").size());
  const std::string_view last = module.substr(module.rfind('.') + 1);
  return last == "embed_tokens" || last == "embed_tokens_per_layer";
}

bool is_embedding_like(const Parameter& parameter) {
  return is_saved_module(parameter) || has_word(parameter, "embed_tokens") || has_word(parameter, "lm_head");
}

}  // namespace eft
