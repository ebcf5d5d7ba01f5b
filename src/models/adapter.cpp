#include "models/adapter.h"

#include <cmath>
#include <span>

#include "base/random_fill.h"
#include "tensor/safetensors.h"

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
    allocate(parameter, pool, model.dtype());
    set_value(parameter, stored);
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
  std::filesystem::create_directories(folder);
  write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_adapter_config(model.parameters(), options, base_model, folder);
}

}  // namespace eft
