#include "models/adapter.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/random.h"
#include "models/config_json.h"
#include "tensor/safetensors.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// Keys of adapter_config.json that would change the computation if they were anything but off.
constexpr const char* kUnsupported[] = {"use_dora",          "use_rslora",      "rank_pattern",         "alpha_pattern",
                                        "modules_to_save",   "exclude_modules", "layers_to_transform",  "layer_replication",
                                        "target_parameters", "lora_bias",       "trainable_token_indices",
                                        "fan_in_fan_out",    "use_qalora",      "alora_invocation_tokens"};

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

void set_value(Parameter& parameter, Pool& pool, DType dtype, const Tensor& exact) {
  parameter.value = Tensor(pool, Category::adapters, dtype, parameter.shape);
  convert(exact, parameter.value);
  if (dtype != DType::bf16) return;
  parameter.master = Tensor(pool, Category::adapters, DType::f32, parameter.shape);
  convert(exact, parameter.master);
}

/// Whole paths of the linears that have an adapter. PEFT has no lora_target_linear, and the ends of paths alone would
/// match the towers of a container too.
std::vector<std::string> adapted_modules(const Model& model) {
  constexpr std::string_view kEnd = ".lora_A.weight";
  std::vector<std::string> modules;
  for (const Parameter& parameter : model.parameters()) {
    if (!parameter.is_adapter() || !parameter.module.ends_with(kEnd)) continue;
    modules.push_back(parameter.module.substr(0, parameter.module.size() - kEnd.size()));
  }
  return modules;
}

}  // namespace

AdapterOptions read_adapter_options(const std::filesystem::path& folder) {
  const auto path = folder / "adapter_config.json";
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
    if (config.value("bias", "none") != "none") throw ConfigError("{}: bias: expected none", path.string());
    AdapterOptions options;
    options.kind = AdapterKind::lora;
    options.rank = config.at("r").get<std::int64_t>();
    options.alpha = config.at("lora_alpha").get<std::int64_t>();
    options.dropout = config.value("lora_dropout", 0.0);
    const Json& targets = config.at("target_modules");
    options.target_modules.is_string = targets.is_string();
    if (targets.is_string()) {
      options.target_modules.items = {targets.get<std::string>()};
    } else {
      options.target_modules.items = targets.get<std::vector<std::string>>();
    }
    options.model_dir = folder;
    return options;
  } catch (const nlohmann::json::exception& error) {
    throw ConfigError("{}: {}", path.string(), error.what());
  }
}

void initialise_adapter(Model& model, Pool& pool, std::uint64_t seed) {
  Pool host(Device::cpu);
  std::uint64_t stream = 0;
  for (Parameter& parameter : model.parameters()) {
    if (!parameter.is_adapter()) continue;
    Tensor exact(host, Category::workspace, DType::f64, parameter.shape);
    std::vector<double> values(static_cast<std::size_t>(parameter.shape.elements()), 0.0);
    if (parameter.init == Init::normal) {
      Random random(seed, ++stream);
      const double bound = 1.0 / std::sqrt(static_cast<double>(parameter.shape[1]));
      for (double& value : values) value = static_cast<float>(bound * (2.0 * random.uniform() - 1.0));
    }
    from_doubles(exact, values);
    set_value(parameter, pool, model.dtype(), exact);
  }
}

void load_adapter(Model& model, Pool& pool, const std::filesystem::path& folder) {
  const Safetensors file(folder / "adapter_model.safetensors");
  std::size_t used = 0;
  for (Parameter& parameter : model.parameters()) {
    if (!parameter.is_adapter()) continue;
    if (!file.contains(parameter.name)) {
      throw ConfigError("{}: {} {} is missing; is it an adapter for another model?", file.path().string(),
                        parameter.name, to_string(parameter.shape));
    }
    const Tensor stored = file.tensor(parameter.name);
    if (stored.shape() != parameter.shape) {
      throw ConfigError("{}: {} is {}, expected {}; is it an adapter for another model?", file.path().string(),
                        parameter.name, to_string(stored.shape()), to_string(parameter.shape));
    }
    set_value(parameter, pool, model.dtype(), stored);
    ++used;
  }
  if (used == file.entries().size()) return;
  for (const auto& [name, entry] : file.entries()) {
    if (model.parameters().find(name) == nullptr) {
      throw ConfigError("{}: {} belongs to no linear of this model; is it an adapter for another model?",
                        file.path().string(), name);
    }
  }
}

void train_adapter(Model& model, Pool& pool) {
  for (Parameter& parameter : model.parameters()) {
    if (parameter.is_adapter()) make_trainable(parameter, pool);
  }
}

void save_adapter(const Model& model, const AdapterOptions& options, const std::filesystem::path& base_model,
                  const std::filesystem::path& folder) {
  Pool pool(Device::cpu);
  NamedTensors tensors;
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.is_adapter()) {
      tensors.emplace_back(parameter.name, cast(pool, Category::workspace, parameter.exact(), DType::f32));
    }
  }
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
              {"use_rslora", false},
              {"use_dora", false}};
  if (options.target_modules.is_string && !options.target_modules.empty()) {
    config["target_modules"] = options.target_modules.items[0];
  } else {
    config["target_modules"] = options.target_linear ? adapted_modules(model) : options.target_modules.items;
  }
  std::filesystem::create_directories(folder);
  write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_text(folder / "adapter_config.json", config.dump(2) + "\n");
}

}  // namespace eft
