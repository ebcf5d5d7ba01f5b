#include "models/adapter.h"

#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <span>

#include "base/random_fill.h"
#include "models/adapter_weights.h"

namespace eft {
namespace {

/// Storage for the value and, under bf16, its exact copy.
void allocate(Parameter& parameter, Pool& pool, DType dtype) {
  parameter.value = Tensor(pool, Category::adapters, dtype, parameter.shape);
  if (dtype == DType::bf16) parameter.master = Tensor(pool, Category::adapters, DType::f32, parameter.shape);
}

void set_value(Parameter& parameter, const Tensor& exact) {
  convert(exact, parameter.value);
  if (parameter.master) convert(exact, parameter.master);
}

/// The value of an adapter's parameter in its file. Throws ConfigError where the shape is another.
void load_value(Parameter& parameter, Pool& pool, DType dtype, const AdapterWeights& file, const std::string& name) {
  const Tensor stored = file.tensor(name);
  if (stored.shape() != parameter.shape) {
    throw ConfigError("{}: {} is {}, expected {}; is it an adapter for another model?", file.path().string(),
                      name, to_string(stored.shape()), to_string(parameter.shape));
  }
  allocate(parameter, pool, dtype);
  set_value(parameter, stored);
}

/// The embedding or output layer of the base that a tensor in an adapter's file replaces: PEFT keeps them there, untrained,
/// where the vocabulary had grown or a target named one of them. Null for every other name.
Parameter* carried_weight(Model& model, std::string_view name) {
  if (!name.starts_with(kPeftPrefix)) return nullptr;
  const std::string_view module = name.substr(std::string_view(kPeftPrefix).size());
  const Parameter& head = model.head_parameter();
  for (Parameter& parameter : model.parameters()) {
    const bool is_embedding = parameter.module.ends_with(".embed_tokens.weight");
    if (parameter.is_adapter() && !parameter.carried) continue;
    if (is_embedding && parameter.module == module) return &parameter;
    if (&parameter == &head && module == "lm_head.weight") return &parameter;
  }
  return nullptr;
}

/// Throws ConfigError where two tensors of a file that are one weight of the model differ.
void require_same_values(const AdapterWeights& file, const std::string& first, const std::string& second) {
  const Tensor a = file.tensor(first), b = file.tensor(second);
  const auto bytes = static_cast<std::size_t>(a.bytes());
  if (a.dtype() == b.dtype() && a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), bytes) == 0) return;
  throw ConfigError("{}: {} and {} differ, but are one tied weight in this model; untie the base first (\"tie_word_embeddings\": "
                    "false, with an lm_head.weight)", file.path().string(), first, second);
}

/// A fresh value: B is zero, A uniform.
Tensor fresh_value(const Parameter& parameter, Pool& host, std::uint64_t seed, std::uint64_t stream) {
  Tensor exact(host, Category::workspace, DType::f64, parameter.shape);
  zero(exact);
  if (parameter.init != Init::normal) return exact;
  const std::span<double> values(exact.data<double>(), static_cast<std::size_t>(exact.elements()));
  fill_uniform(values, seed, stream);
  const double bound = 1.0 / std::sqrt(static_cast<double>(parameter.shape[1]));
  for (double& value : values) value = static_cast<float>(bound * (2.0 * value - 1.0));
  return exact;
}

}  // namespace

void initialise_adapter(Model& model, Pool& pool, std::uint64_t seed) {
  Pool host(Device::cpu);
  std::uint64_t stream = 0;
  for (Parameter& parameter : model.parameters()) {
    if (!parameter.is_adapter() || !parameter.source.empty()) continue;  // others are in the checkpoint
    allocate(parameter, pool, model.dtype());
    if (pool.device() == Device::meta) continue;
    const std::uint64_t own = parameter.init == Init::normal ? ++stream : 0;
    set_value(parameter, fresh_value(parameter, host, seed, own));
  }
}

void load_adapter(Model& model, Pool& pool, const std::filesystem::path& folder) {
  const AdapterWeights file(folder);
  std::set<std::string> used;
  for (Parameter& parameter : model.parameters()) {
    if (!parameter.is_adapter()) continue;
    if (!file.contains(parameter.name)) {
      throw ConfigError("{}: {} {} is missing; is it an adapter for another model?", file.path().string(),
                        parameter.name, to_string(parameter.shape));
    }
    load_value(parameter, pool, model.dtype(), file, parameter.name);
    used.insert(parameter.name);
  }
  std::map<const Parameter*, std::string> carried;
  for (const auto& [name, in_file] : file.names()) {
    if (used.contains(name)) continue;
    Parameter* base = carried_weight(model, name);
    if (base == nullptr) {
      throw ConfigError("{}: {} belongs to no linear of this model; is it an adapter for another model?",
                        file.path().string(), in_file);
    }
    if (const auto [first, fresh] = carried.emplace(base, name); !fresh) {  // PEFT writes both names of a tied weight
      require_same_values(file, first->second, name);
      continue;
    }
    base->keep_with_adapter();
    base->carried = true;
    base->mapped = false;
    load_value(*base, pool, model.dtype(), file, name);
  }
}

void train_adapter(Model& model, Pool& pool) {
  for (Parameter& parameter : model.parameters()) {
    if (parameter.is_adapter() && !parameter.carried) make_trainable(parameter, pool);
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
  std::filesystem::create_directories(folder);
  write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_adapter_config(model.parameters(), options, base_model, folder);
}

}  // namespace eft
