#pragma once

#include <string_view>

namespace eft {

/// `meta` runs the same code without memory: shapes and bytes are counted, kernels are skipped.
enum class Device { cpu, cuda, meta };

constexpr std::string_view name_of(Device device) {
  return device == Device::cpu ? "cpu" : device == Device::cuda ? "cuda" : "meta";
}

/// A queue of work on a device; null on CPU, where calls return when they are done.
struct Stream {
  void* handle = nullptr;
};

}  // namespace eft
