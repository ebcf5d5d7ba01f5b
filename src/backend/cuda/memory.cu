// The table by which pools and tensors reach the memory of a CUDA device.
#include "backend/cuda/blocks.cuh"
#include "backend/cuda/lanes.cuh"
#include "backend/cuda/recording.cuh"
#include "tensor/device_memory.h"

namespace eft::cuda {
namespace {

std::shared_ptr<void> pinned(std::int64_t bytes) {
  runtime();
  void *host = nullptr, *device = nullptr;
  const cudaError_t status = cudaHostAlloc(&host, static_cast<std::size_t>(bytes), cudaHostAllocMapped);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    return nullptr;
  }
  check(status, "pinned memory");
  std::shared_ptr<void> owned(host, [](void* data) { cudaFreeHost(data); });
  check(cudaHostGetDevicePointer(&device, host, 0), "pinned memory");
  if (device != host) throw DeviceError("pinned memory: the device has another address for it than the host");
  return owned;
}

std::int64_t available() {
  runtime();
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "free memory");
  return static_cast<std::int64_t>(free);
}

void zero(void* data, std::int64_t bytes) {
  check(cudaMemsetAsync(data, 0, static_cast<std::size_t>(bytes), runtime().stream), "zero");
}

void from_host(void* to, const void* host, std::int64_t bytes) { copy_from_host(runtime().stream, to, host, bytes); }

void to_host(void* host, const void* from, std::int64_t bytes) { copy_to_host(runtime().stream, host, from, bytes); }

void copy(void* to, const void* from, std::int64_t bytes) {
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice, runtime().stream), "copy");
}

void move(void* to, const void* from, std::int64_t bytes) {
  const auto distance = std::abs(static_cast<const char*>(to) - static_cast<const char*>(from));
  if (distance == 0 || bytes == 0) return;
  if (distance >= bytes) return copy(to, from, bytes);
  const Scratch between(bytes);
  copy(between.as<void>(), from, bytes);
  copy(to, between.as<void>(), bytes);
}

template <class From, class To>
void convert_elements(ConstView from, View to) {
  const From* source = in<From>(from);
  To* target = out<To>(to);
  for_each(Stream{}, "convert", from.shape, from.shape.elements(), 1,
           [=] __device__(std::int64_t i, int) { target[i] = narrow<To>(widen(source[i])); });
}

void convert(ConstView from, View to) {
  if (from.dtype == to.dtype) {
    return copy(to.data, from.data, from.shape.elements() * static_cast<std::int64_t>(size_of(from.dtype)));
  }
  on_type(from.dtype, [&](auto source) {
    on_type(to.dtype, [&](auto target) { convert_elements<decltype(source), decltype(target)>(from, to); });
  });
}

std::string describe() {
  const Runtime& r = runtime();
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, r.device), "device: cuda");
  int version = 0;
  cudaRuntimeGetVersion(&version);
  return fmt::format("{}, {:.0f} GiB, CUDA {}.{}", properties.name,
                     static_cast<double>(properties.totalGlobalMem) / (1 << 30), version / 1000, version % 1000 / 10);
}

const bool registered = device_memory.add(Device::cuda, {.select = select_device,
                                                         .allocate = allocate_block,
                                                         .release = release_block,
                                                         .pinned = pinned,
                                                         .trim = trim_blocks,
                                                         .available = available,
                                                         .zero = zero,
                                                         .from_host = from_host,
                                                         .to_host = to_host,
                                                         .move = move,
                                                         .convert = convert,
                                                         .recording = {.prepare = use_own_blocks,
                                                                       .begin = begin_recording,
                                                                       .run = run_recorded,
                                                                       .drop = drop_recorded},
                                                         .describe = describe});

}  // namespace
}  // namespace eft::cuda
