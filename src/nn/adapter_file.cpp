#include "nn/adapter_file.h"

#include <strings.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/json.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFile = "adapter_config.json";

/// Keys of adapter_config.json that would change the computation if they were anything but off.
constexpr const char* kUnsupported[] = {"use_dora",          "layers_to_transform", "lora_bias",
                                        "layer_replication", "fan_in_fan_out",      "trainable_token_indices",
                                        "use_qalora",        "ensure_weight_tying", "alora_invocation_tokens",
                                        "use_bdlora",        "arrow_config",        "kasa_config",
                                        "monteclora_config"};

/// Ways to begin with which PEFT changes the base weights too, again whenever it loads the adapter.
constexpr const char* kChangesBase[] = {"pissa", "olora", "loftq", "corda", "lora_ga"};

using Keys = JsonKeys<ConfigError>;

bool is_off(const Json& value) {
  return value.is_null() || (value.is_boolean() && !value.get<bool>()) ||
         ((value.is_object() || value.is_array()) && value.empty());
}

/// A list of names, or one regular expression.
StringOrList names_or_pattern(const Keys& config, const char* key) {
  StringOrList result;
  const Json* value = config.find(key);
  result.is_string = value != nullptr && value->is_string();
  result.items = result.is_string ? std::vector{config.string(key)} : config.strings(key);
  return result;
}

/// A rank or an alpha; PEFT takes fractions for alpha, which would be cut.
std::int64_t whole_number(const Keys& keys, const char* key) {
  constexpr double kMost = 1 << 20;
  const double number = keys.number(key);
  if (number >= 1 && number <= kMost && number == std::floor(number)) return static_cast<std::int64_t>(number);
  keys.fail(key, "a whole number from 1 to 1048576");
}

StringMap pattern_map(const Keys& config, const char* key) {
  StringMap map;
  if (config.find(key) == nullptr) return map;
  const Keys entries = config.object(key);
  for (const auto& [module, value] : entries.all().items()) {
    map.entries.push_back({module, std::to_string(whole_number(entries, module.c_str()))});
  }
  return map;
}

/// PEFT's word for every linear but the output layer.
bool is_all_linear(const StringOrList& targets) {
  return targets.is_string && targets.items.size() == 1 && strcasecmp(targets.items[0].c_str(), "all-linear") == 0;
}

Json to_json(const StringOrList& list) {
  if (list.empty()) return nullptr;
  return list.is_string ? Json(list.items[0]) : Json(list.items);
}

Json to_json(const StringMap& map) {
  Json json = Json::object();
  for (const StringMap::Entry& entry : map.entries) json[entry.key] = std::stoll(entry.value);
  return json;
}

/// Whether there are towers beside the text decoder, in which the ends of module paths may match too: PEFT would adapt
/// or save what this model does not have, and refuses kinds of modules that it does not know.
bool in_container(const ParameterStore& parameters) {
  return std::ranges::any_of(parameters,
                             [](const Parameter& p) { return p.module.starts_with("model.language_model."); });
}

/// Whole paths of the linears that have an adapter.
std::vector<std::string> adapted_modules(const ParameterStore& parameters) {
  constexpr std::string_view kEnd = ".lora_A.weight";
  std::vector<std::string> modules;
  for (const Parameter& parameter : parameters) {
    if (!parameter.is_adapter() || !parameter.module.ends_with(kEnd)) continue;
    const std::string module = parameter.module.substr(0, parameter.module.size() - kEnd.size());
    const auto is_weight = [&](const Parameter& other) { return other.module == module + ".weight"; };
    if (std::ranges::any_of(parameters, is_weight)) modules.push_back(module);  // others are of parameters, not modules
  }
  return modules;
}

/// Whole paths of the modules that are trained in full, of nested ones the outer.
std::vector<std::string> saved_modules(const ParameterStore& parameters, const std::vector<std::string>& targets) {
  std::vector<std::string> modules;
  for (const Parameter& parameter : parameters) {
    if (parameter.source.empty()) continue;
    const std::string& path = parameter.module;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
      const std::string module = path.substr(0, dot);
      if (std::ranges::none_of(targets, [&](const std::string& target) { return module.ends_with(target); })) continue;
      if (std::ranges::find(modules, module) == modules.end()) modules.push_back(module);
      break;
    }
  }
  return modules;
}

}  // namespace

AdapterOptions read_adapter_options(const std::filesystem::path& folder) {
  const auto path = folder / kFile;
  if (!std::filesystem::is_directory(folder)) throw FileError("{}: no such adapter folder", folder.string());
  const Json object = read_json_object<ConfigError>(path);
  const Keys config(object, path.string());
  if (config.string("peft_type", "LORA") != "LORA") config.fail("peft_type", "LORA");
  for (const char* key : kUnsupported) {
    if (const Json* value = config.find(key); value != nullptr && !is_off(*value)) {
      throw ConfigError("{}: {}: {} is not supported yet", path.string(), key, brief(*value));
    }
  }
  const Json* start = config.find("init_lora_weights");
  for (const char* way : kChangesBase) {
    if (start == nullptr || !start->is_string() || !start->get<std::string>().starts_with(way)) continue;
    throw ConfigError(
        "{}: init_lora_weights: {} is not supported yet; it changes the base weights, so convert the "
        "adapter with PEFT first",
        path.string(), brief(*start));
  }
  if (config.string("bias", "none") != "none") config.fail("bias", "none");
  AdapterOptions options;
  options.kind = AdapterKind::lora;
  options.rank = whole_number(config, "r");
  options.alpha = whole_number(config, "lora_alpha");
  options.dropout = config.number("lora_dropout", 0.0);
  if (options.dropout < 0 || options.dropout >= 1) config.fail("lora_dropout", "a share from 0 to below 1");
  options.rslora = config.boolean("use_rslora", false);
  options.target_modules = names_or_pattern(config, "target_modules");
  if (is_all_linear(options.target_modules)) {
    options.target_modules = {};
    options.target_linear = true;
  }
  options.exclude_modules = names_or_pattern(config, "exclude_modules");
  options.modules_to_save = config.strings("modules_to_save");
  options.rank_pattern = pattern_map(config, "rank_pattern");
  options.alpha_pattern = pattern_map(config, "alpha_pattern");
  options.target_parameters.items = config.strings("target_parameters");
  options.model_dir = folder;
  return options;
}

void write_adapter_config(const ParameterStore& parameters, const AdapterOptions& options,
                          const std::filesystem::path& base_model, const std::filesystem::path& folder) {
  Json config{{"peft_type", "LORA"},
              {"task_type", "CAUSAL_LM"},
              {"base_model_name_or_path", base_model.string()},
              {"r", *options.rank},
              {"lora_alpha", *options.alpha},
              {"lora_dropout", options.dropout},
              {"bias", "none"},
              {"fan_in_fan_out", false},
              {"inference_mode", true},
              {"init_lora_weights", true},
              {"use_rslora", options.rslora},
              {"rank_pattern", to_json(options.rank_pattern)},
              {"alpha_pattern", to_json(options.alpha_pattern)},
              {"exclude_modules", to_json(options.exclude_modules)},
              {"use_dora", false}};
  const bool container = in_container(parameters);
  if (options.target_linear || container) {  // PEFT has no lora_target_linear
    config["target_modules"] = adapted_modules(parameters);
    config["exclude_modules"] = nullptr;
  } else if (options.target_modules.is_string && !options.target_modules.empty()) {
    config["target_modules"] = options.target_modules.items[0];
  } else {
    config["target_modules"] = options.target_modules.items;
  }
  if (!options.modules_to_save.empty()) {
    config["modules_to_save"] =
        container ? saved_modules(parameters, options.modules_to_save) : options.modules_to_save;
  }
  if (!options.target_parameters.empty()) config["target_parameters"] = options.target_parameters.items;
  write_text(folder / kFile, config.dump(2) + "\n");
}

}  // namespace eft
