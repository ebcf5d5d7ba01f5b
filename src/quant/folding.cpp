#include "quant/folding.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace eft {

std::vector<std::string> Folding::stems(std::string_view end) const {
  std::vector<std::string> found;
  for (const auto& [name, file] : files_.tensors()) {
    if (name.ends_with(end) && !taken_.contains(name)) found.push_back(name.substr(0, name.size() - end.size()));
  }
  return found;
}

std::string Folding::dtype(const std::string& name) const {
  return files_.contains(name) ? files_.entry(name).dtype : std::string();
}

void Folding::refuse(const std::string& weight, const std::string& fault) const {
  throw ConfigError("{} weight {}: {}", format_, weight, fault);
}

const Safetensors::Entry& Folding::take(const std::string& weight, const std::string& name,
                                        std::initializer_list<std::string_view> dtypes) {
  if (!files_.contains(name)) refuse(weight, fmt::format("{} is missing", name));
  const Safetensors::Entry& entry = files_.entry(name);
  if (std::ranges::find(dtypes, entry.dtype) == dtypes.end()) {
    refuse(weight, fmt::format("{} is {}, expected {}", name, entry.dtype, fmt::join(dtypes, " or ")));
  }
  taken_.insert(name);
  return entry;
}

const Safetensors::Entry& Folding::take(const std::string& weight, const std::string& name,
                                        std::initializer_list<std::string_view> dtypes, const Shape& shape) {
  const Safetensors::Entry& entry = take(weight, name, dtypes);
  if (entry.shape != shape) {
    refuse(weight, fmt::format("{} is {}, expected {}", name, to_string(entry.shape), to_string(shape)));
  }
  return entry;
}

void Folding::leave(const std::string& name) {
  if (files_.contains(name)) taken_.insert(name);
}

Tensor raw_bytes(const Tensor& tensor) {
  const auto owner = std::make_shared<const Tensor>(tensor);
  return {std::shared_ptr<void>(tensor.raw(), [owner](void*) {}), Device::cpu, DType::u8, {tensor.bytes()}};
}

Tensor small_floats(const Tensor& tensor) {
  Pool pool(Device::cpu);
  Tensor wide(pool, Category::weights, DType::f32, {tensor.elements()});
  convert(tensor.reshape(wide.shape()), wide);
  return wide;
}

}  // namespace eft
