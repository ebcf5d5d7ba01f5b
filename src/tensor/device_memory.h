#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tensor/kernel_slot.h"
#include "tensor/tensor.h"

namespace eft {

/// How a stretch of a device's work is recorded while it is queued, and then run as one.
struct DeviceRecording {
  /// Before the first tensor: memory is had in a way that can be recorded.
  void (*prepare)();
  void (*begin)();
  void (*run)();
  void (*drop)();
};

/// How the storage of a device is had and moved. Addresses are the device's own unless said otherwise; work is queued on
/// the device's one stream, and what arrives on the host has arrived when the call returns. The host needs no such table.
struct DeviceMemory {
  /// Takes the device of that number and readies it. Throws DeviceError when there is none or it cannot be used.
  void (*select)(int index);
  /// Null when there is no memory left.
  void* (*allocate)(std::int64_t bytes);
  void (*release)(void* data);
  /// Memory of the host that kernels read in place, under the same address; only readers on the device go through the
  /// bus. Null when the host has none that can be pinned.
  std::shared_ptr<void> (*pinned)(std::int64_t bytes);
  /// Gives unused memory back to the device.
  void (*trim)();
  /// Bytes that could still be allocated.
  std::int64_t (*available)();
  void (*zero)(void* data, std::int64_t bytes);
  void (*from_host)(void* to, const void* host, std::int64_t bytes);
  void (*to_host)(void* host, const void* from, std::int64_t bytes);
  /// Both on the device; the ranges may overlap.
  void (*move)(void* to, const void* from, std::int64_t bytes);
  /// Between floating dtypes, both on the device.
  void (*convert)(ConstView from, View to);
  DeviceRecording recording;
  /// "NVIDIA H200, 139 GiB, CUDA 13.0".
  std::string (*describe)();
};
inline constinit KernelSlot<DeviceMemory> device_memory{"memory"};

/// The table of `device`, or null for cpu and meta. Throws DeviceError when this build has no such backend.
const DeviceMemory* memory_of(Device device);

/// The device that a user names: "cpu", "cuda" or "cuda:1", readied for use. Throws ConfigError for other names and
/// DeviceError when the device cannot be used.
Device take_device(std::string_view name);

/// From its construction on the work of a device is recorded instead of done; run() does it, and without run() it is
/// dropped. Nothing may wait for the device in between.
class Recording {
 public:
  explicit Recording(const DeviceRecording& device) : device_(device) { device_.begin(); }
  ~Recording() {
    if (!done_) device_.drop();
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  void run() {
    done_ = true;
    device_.run();
  }

 private:
  const DeviceRecording& device_;
  bool done_ = false;
};

/// Copies bytes inside one device's memory; the ranges may overlap.
void move_bytes(Device device, void* to, const void* from, std::int64_t bytes);

/// The tensor itself when the host can read it, else a copy there.
Tensor on_host(const Tensor& tensor);

}  // namespace eft
