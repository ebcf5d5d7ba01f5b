#include "nn/adapter_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"

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

bool is_off(const Json& value) {
  return value.is_null() || (value.is_boolean() && !value.get<bool>()) || ((value.is_object() || value.is_array()) && value.empty());
}

Json read_config(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw ConfigError("{}: not JSON: {}", path.string(), error.what());
  }
}

std::vector<std::string> strings_or_none(const Json& config, const char* key) {
  const auto found = config.find(key);
  return found == config.end() || found->is_null() ? std::vector<std::string>() : found->get<std::vector<std::string>>();
}

/// A list of names, or one regular expression.
StringOrList names_or_pattern(const Json& config, const char* key) {
  StringOrList result;
  result.is_string = config.contains(key) && config[key].is_string();
  result.items = result.is_string ? std::vector{config[key].get<std::string>()} : strings_or_none(config, key);
  return result;
}

/// A rank or an alpha; PEFT takes fractions for alpha, which would be cut.
std::int64_t whole_number(const Json& value, const std::filesystem::path& path, const char* key) {
  const double number = value.get<double>();
  const auto whole = static_cast<std::int64_t>(number);
  if (static_cast<double>(whole) == number) return whole;
  throw ConfigError("{}: {}: {}, expected a whole number", path.string(), key, value.dump());
}

StringMap pattern_map(const Json& config, const std::filesystem::path& path, const char* key) {
  StringMap map;
  if (!config.contains(key) || config[key].is_null()) return map;
  for (const auto& [module, value] : config[key].items()) {
    map.entries.push_back({module, std::to_string(whole_number(value, path, key))});
  }
  return map;
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
  return std::ranges::any_of(parameters, [](const Parameter& p) { return p.module.starts_with("model.language_model."); });
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
  const Json config = read_config(path);
  try {
    if (config.value("peft_type", "LORA") != "LORA") {
      throw ConfigError("{}: peft_type: {}, expected LORA", path.string(), config["peft_type"].dump());
    }
    for (const char* key : kUnsupported) {
      if (config.contains(key) && !is_off(config[key])) {
        throw ConfigError("{}: {}: {} is not supported yet", path.string(), key, config[key].dump());
      }
    }
    const Json start = config.contains("init_lora_weights") ? config["init_lora_weights"] : Json();
    for (const char* way : kChangesBase) {
      if (!start.is_string() || !start.get<std::string>().starts_with(way)) continue;
      throw ConfigError("{}: init_lora_weights: {} is not supported yet; it changes the base weights, so convert the "
                        "adapter with PEFT first", path.string(), start.dump());
    }
    if (config.value("bias", "none") != "none") throw ConfigError("{}: bias: expected none", path.string());
    AdapterOptions options;
    options.kind = AdapterKind::lora;
    options.rank = whole_number(config.at("r"), path, "r");
    options.alpha = whole_number(config.at("lora_alpha"), path, "lora_alpha");
    options.dropout = config.value("lora_dropout", 0.0);
    options.rslora = config.value("use_rslora", false);
    options.target_modules = names_or_pattern(config, "target_modules");
    options.exclude_modules = names_or_pattern(config, "exclude_modules");
    options.modules_to_save = strings_or_none(config, "modules_to_save");
    options.rank_pattern = pattern_map(config, path, "rank_pattern");
    options.alpha_pattern = pattern_map(config, path, "alpha_pattern");
    options.target_parameters.items = strings_or_none(config, "target_parameters");
    options.model_dir = folder;
    return options;
  } catch (const nlohmann::json::exception& error) {
    throw ConfigError("{}: {}", path.string(), error.what());
  }
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
    config["modules_to_save"] = container ? saved_modules(parameters, options.modules_to_save) : options.modules_to_save;
  }
  if (!options.target_parameters.empty()) config["target_parameters"] = options.target_parameters.items;
  write_text(folder / kFile, config.dump(2) + "\n");
}

}  // namespace eft
