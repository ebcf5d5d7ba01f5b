#include "tensor/device_memory.h"

#include <charconv>
#include <cstring>

namespace eft {

const DeviceMemory* memory_of(Device device) {
  if (device != Device::cuda) return nullptr;
  if (!device_memory.has(device)) {
    throw DeviceError("device: {}: this build has no {} backend; use device: cpu, or build with the preset `{}`",
                      name_of(device), name_of(device), name_of(device));
  }
  return device_memory.find(device);
}

Device take_device(std::string_view name) {
  if (name == name_of(Device::cpu)) return Device::cpu;
  const std::string_view kind = name.substr(0, name.find(':'));
  int index = 0;
  if (kind != name) {
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + kind.size() + 1, end, index);
    if (error != std::errc() || stop != end || index < 0) index = -1;
  }
  if (kind != name_of(Device::cuda) || index < 0) {
    throw ConfigError("device: {}: no such device; expected cpu, cuda or cuda:N", name);
  }
  memory_of(Device::cuda)->select(index);
  return Device::cuda;
}

void move_bytes(Device device, void* to, const void* from, std::int64_t bytes) {
  if (const auto* memory = memory_of(device)) return memory->move(to, from, bytes);
  std::memmove(to, from, static_cast<std::size_t>(bytes));
}

Tensor on_host(const Tensor& tensor) {
  const auto* memory = memory_of(tensor.device());
  if (memory == nullptr) return tensor;
  Pool pool(Device::cpu);
  Tensor copy(pool, Category::workspace, tensor.dtype(), tensor.shape());
  memory->to_host(copy.raw(), tensor.raw(), tensor.bytes());
  return copy;
}

}  // namespace eft
