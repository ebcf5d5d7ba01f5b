#include "backend/cuda/runtime.cuh"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mutex>

#include "backend/cuda/blocks.cuh"
#include "backend/cuda/recording.cuh"
#include "tensor/out_of_memory.h"

namespace eft::cuda {
namespace {

constexpr std::size_t kProductWorkspace = std::size_t{64} << 20;
constexpr int kLeastMajor = 8;  // bf16 and asynchronous copies

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

/// Says in one line why CUDA cannot be used.
void require_device(int index) {
  int driver = 0, built = 0, count = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&built);
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (driver == 0 || status == cudaErrorNoDevice) {
    throw DeviceError("device: cuda: no CUDA device is visible; is the NVIDIA driver installed, and what does "
                      "CUDA_VISIBLE_DEVICES say?");
  }
  if (status == cudaErrorInsufficientDriver) {
    throw DeviceError("device: cuda: the driver knows CUDA {}, this build needs {}; update the NVIDIA driver",
                      version_text(driver), version_text(built));
  }
  check(status, "device: cuda");
  if (index < 0 || index >= count) {
    throw DeviceError("device: cuda:{}: there are {} visible CUDA devices, counted from 0", index, count);
  }
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, index), "device: cuda");
  if (properties.major < kLeastMajor) {
    throw DeviceError("device: cuda:{}: {} has compute capability {}.{}, expected at least {}.0", index, properties.name,
                      properties.major, properties.minor, kLeastMajor);
  }
}

/// Freed memory stays with the process until somebody trims: a step then asks the driver for nothing.
void keep_freed_memory(int device) {
  cudaMemPool_t pool = nullptr;
  check(cudaDeviceGetDefaultMemPool(&pool, device), "memory pool");
  std::uint64_t threshold = std::numeric_limits<std::uint64_t>::max();
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), "memory pool");
}

Runtime start(int index) {
  require_device(index);
  Runtime runtime{.device = index};
  check(cudaSetDevice(index), "device: cuda");
  keep_freed_memory(index);
  check(cudaStreamCreateWithFlags(&runtime.stream, cudaStreamNonBlocking), "stream");
  if (cublasLtCreate(&runtime.products) != CUBLAS_STATUS_SUCCESS) throw DeviceError("cuda: cuBLASLt does not start");
  check(cudaMalloc(&runtime.product_workspace, kProductWorkspace), "workspace of matrix products");
  runtime.product_workspace_bytes = kProductWorkspace;
  int shared_bytes = 0;
  check(cudaDeviceGetAttribute(&shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, index), "shared memory");
  runtime.shared_bytes = shared_bytes;
  return runtime;
}

struct State {
  std::mutex mutex;
  int index = 0;
  bool started = false;
  Runtime runtime;
};

/// Never destroyed: the driver may be gone by the time that static objects are.
State& state() {
  static State* const value = new State;
  return *value;
}

}  // namespace

void check(cudaError_t status, std::string_view what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  const std::string text = fmt::format("{}: {} ({})", what, cudaGetErrorString(status), cudaGetErrorName(status));
  if (status == cudaErrorMemoryAllocation) throw OutOfMemory("cuda: " + text);
  throw DeviceError("{}", text);
}

const Runtime& runtime() {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (!s.started) {
    s.runtime = start(s.index);
    s.started = true;
  }
  return s.runtime;
}

void select_device(int index) {
  {
    State& s = state();
    const std::lock_guard lock(s.mutex);
    if (s.started && s.index != index) {
      throw DeviceError("device: cuda:{}: this process already runs on cuda:{}", index, s.index);
    }
    s.index = index;
  }
  runtime();
}

cudaStream_t stream_of(Stream stream) {
  return stream.handle != nullptr ? static_cast<cudaStream_t>(stream.handle) : runtime().stream;
}

Scratch::Scratch(std::int64_t bytes) {
  if (bytes == 0) return;
  data_ = allocate_block(bytes);
  if (data_ == nullptr) trim_blocks();
  if (data_ == nullptr) data_ = allocate_block(bytes);
  if (data_ == nullptr) throw OutOfMemory(fmt::format("cuda: out of memory: scratch of {}", format_bytes(bytes)));
}

Scratch::~Scratch() {
  if (data_ != nullptr) release_block(data_);
}

void copy_to_host(cudaStream_t stream, void* host, const void* from, std::int64_t bytes) {
  if (bytes == 0) return;
  if (is_recording()) {
    throw DeviceError("cuda_graphs: a step of this model waits for the device, as experts in float32 do; use bf16 or "
                      "remove the key");
  }
  check(cudaMemcpyAsync(host, from, static_cast<std::size_t>(bytes), cudaMemcpyDefault, stream), "copy to the host");
  check(cudaStreamSynchronize(stream), "cuda: work queued before a copy to the host");
}

void device_clear(Stream stream, View view) {
  const auto bytes = static_cast<std::size_t>(view.shape.elements()) * size_of(view.dtype);
  if (bytes > 0) check(cudaMemsetAsync(view.data, 0, bytes, stream_of(stream)), "zero");
}

void check_launch(std::string_view op, const Shape& shape) {
  const cudaError_t status = cudaGetLastError();
  if (status == cudaSuccess) return;
  throw DeviceError("{}: {}: kernel not launched on stream {}: {}", op, to_string(shape),
                    static_cast<const void*>(runtime().stream), cudaGetErrorString(status));
}

}  // namespace eft::cuda
