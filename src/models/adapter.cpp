#include "models/adapter.h"

#include <cmath>

#include "base/random.h"
#include "tensor/safetensors.h"

namespace eft {
namespace {

void set_value(Parameter& parameter, Pool& pool, DType dtype, const Tensor& exact) {
  parameter.value = Tensor(pool, Category::adapters, dtype, parameter.shape);
  convert(exact, parameter.value);
  if (dtype != DType::bf16) return;
  parameter.master = Tensor(pool, Category::adapters, DType::f32, parameter.shape);
  convert(exact, parameter.master);
}

}  // namespace

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
  std::filesystem::create_directories(folder);
  write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  write_adapter_config(model.parameters(), options, base_model, folder);
}

}  // namespace eft
