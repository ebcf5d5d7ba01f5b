#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <span>
#include <string_view>

#include "tensor/tensor.h"

namespace eft::cuda {

/// Throws DeviceError "WHAT: REASON" unless `status` is success; OutOfMemory when that is the reason.
void check(cudaError_t status, std::string_view what);

/// What a process has of its device: one stream on which everything runs in order, and the matrix library with its
/// workspace.
struct Runtime {
  int device = 0;
  cudaStream_t stream = nullptr;
  cublasLtHandle_t products = nullptr;
  void* product_workspace = nullptr;
  std::size_t product_workspace_bytes = 0;
  std::int64_t shared_bytes = 0;  ///< that a block can have
};

/// The runtime, readied on first use. Throws DeviceError when there is no device or the driver is too old.
const Runtime& runtime();

/// Makes device `index` the one that the runtime starts on, and starts it. Throws DeviceError when it cannot be used or
/// another is in use already.
void select_device(int index);

/// An op's stream: its own, or the runtime's where it has none.
cudaStream_t stream_of(Stream stream);

/// Scratch memory in the order of the runtime's stream, given back in that order when it goes out of scope.
class Scratch {
 public:
  explicit Scratch(std::int64_t bytes);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  template <class T>
  T* as() const {
    return static_cast<T*>(data_);
  }

 private:
  void* data_ = nullptr;
};

/// Copies host bytes to the device through pinned memory: returns at once, and the host bytes may change.
void copy_from_host(cudaStream_t stream, void* to, const void* host, std::int64_t bytes);
/// Copies device bytes to the host and waits for them.
void copy_to_host(cudaStream_t stream, void* host, const void* from, std::int64_t bytes);

/// A host array on the device, for the kernels of one call.
template <class T>
class Uploaded {
 public:
  Uploaded(cudaStream_t stream, std::span<const T> values)
      : scratch_(static_cast<std::int64_t>(values.size_bytes())) {
    if (!values.empty()) {
      copy_from_host(stream, scratch_.as<void>(), values.data(), static_cast<std::int64_t>(values.size_bytes()));
    }
  }
  const T* data() const { return scratch_.as<const T>(); }

 private:
  Scratch scratch_;
};

/// Sets all bytes of a view to zero.
void device_clear(Stream stream, View view);

/// Throws DeviceError when the kernel just queued for `op` on a tensor of `shape` could not be launched.
void check_launch(std::string_view op, const Shape& shape);

}  // namespace eft::cuda
