// A CUDA device without a device. What it pretends to be can be set: EFT_CUDA_DEVICES (1), EFT_CUDA_DRIVER (13000),
// EFT_CUDA_CAPABILITY (90), EFT_CUDA_SHARED in KiB (227), EFT_CUDA_MEMORY and EFT_CUDA_PINNABLE in KiB (1 GiB), and
// CUDA_VISIBLE_DEVICES hides all when it is empty or -1.
#include "cuda_runtime.h"

#include <cstdlib>
#include <string_view>

namespace {

constexpr int kRuntimeVersion = 13000;

int setting(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

std::size_t memory_bytes() { return static_cast<std::size_t>(setting("EFT_CUDA_MEMORY", 1 << 20)) << 10; }

std::size_t free_bytes() { return memory_bytes() - std::min(memory_bytes(), eft::emulation::allocated_bytes()); }

std::size_t pinnable_bytes() { return static_cast<std::size_t>(setting("EFT_CUDA_PINNABLE", 1 << 20)) << 10; }

/// The side that a copy kind names must be where the address is.
bool stands(const void* address, bool on_device, std::size_t bytes) {
  return bytes == 0 || eft::emulation::is_device(address) == on_device;
}

}  // namespace

const char* cudaGetErrorString(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "no error";
    case cudaErrorMemoryAllocation:
      return "out of memory";
    case cudaErrorInsufficientDriver:
      return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice:
      return "no CUDA-capable device is detected";
    case cudaErrorInvalidDevice:
      return "invalid device ordinal";
    default:
      return "invalid argument";
  }
}

const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaError";
}

cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = setting("EFT_CUDA_DRIVER", kRuntimeVersion);
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kRuntimeVersion;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  const bool hidden = visible != nullptr && (*visible == 0 || *visible == '-');
  *count = hidden ? 0 : setting("EFT_CUDA_DEVICES", 1);
  if (*count > 0 && setting("EFT_CUDA_DRIVER", kRuntimeVersion) < kRuntimeVersion) return cudaErrorInsufficientDriver;
  return *count == 0 ? cudaErrorNoDevice : cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= setting("EFT_CUDA_DEVICES", 1)) return cudaErrorInvalidDevice;
  constexpr std::string_view kName = "emulated CUDA device";
  *properties = {};
  std::copy(kName.begin(), kName.end(), properties->name);
  properties->totalGlobalMem = memory_bytes();
  properties->major = setting("EFT_CUDA_CAPABILITY", 90) / 10;
  properties->minor = setting("EFT_CUDA_CAPABILITY", 90) % 10;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr, int) {
  *value = setting("EFT_CUDA_SHARED", 227) << 10;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return device < setting("EFT_CUDA_DEVICES", 1) ? cudaSuccess : cudaErrorInvalidDevice;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) { return cudaSuccess; }

cudaError_t cudaMalloc(void** data, std::size_t bytes) {
  if (bytes > free_bytes()) return cudaErrorMemoryAllocation;
  *data = eft::emulation::allocate(bytes);
  return *data != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFree(void* data) {
  eft::emulation::finish_stream();
  return data == nullptr || eft::emulation::release(data) ? cudaSuccess : cudaErrorInvalidValue;
}

/// In a graph these two would be nodes, which eft does not want.
cudaError_t cudaMallocAsync(void** data, std::size_t bytes, cudaStream_t) {
  return eft::emulation::is_capturing() ? cudaErrorStreamCaptureUnsupported : cudaMalloc(data, bytes);
}

cudaError_t cudaFreeAsync(void* data, cudaStream_t) {
  return eft::emulation::is_capturing() ? cudaErrorStreamCaptureUnsupported : cudaFree(data);
}

cudaError_t cudaMallocHost(void** data, std::size_t bytes) {
  *data = std::malloc(bytes);
  return *data != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaHostAlloc(void** data, std::size_t bytes, unsigned) {
  *data = bytes <= pinnable_bytes() ? eft::emulation::allocate_mapped(bytes) : nullptr;
  return *data != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFreeHost(void* data) {
  return eft::emulation::release(data) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  *device = host;
  return eft::emulation::is_device(host) ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = free_bytes();
  *total = memory_bytes();
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t) {
  const bool told = kind != cudaMemcpyDefault;  // else the addresses themselves tell where they are
  if (told && !stands(to, kind != cudaMemcpyDeviceToHost, bytes)) return cudaErrorInvalidValue;
  if (told && !stands(from, kind != cudaMemcpyHostToDevice, bytes)) return cudaErrorInvalidValue;
  eft::emulation::submit(eft::emulation::Work::copy, [=] {
    const eft::emulation::OnDevice here;
    std::memcpy(to, from, bytes);
  });
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* data, int value, std::size_t bytes, cudaStream_t) {
  if (!stands(data, true, bytes)) return cudaErrorInvalidValue;
  eft::emulation::submit(eft::emulation::Work::fill, [=] {
    const eft::emulation::OnDevice here;
    std::memset(data, value, bytes);
  });
  return cudaSuccess;
}
