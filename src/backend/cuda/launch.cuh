// How kernels are started and how their blocks get shared memory. tests/cuda_emulation has a twin of this file.
#pragma once

#include "backend/cuda/runtime.cuh"

namespace eft::cuda {

/// The blocks of a launch, their threads, and the bytes that each block gets as dynamic_shared.
struct Grid {
  dim3 blocks;
  unsigned threads;
  std::size_t shared_bytes = 0;
};

/// What a block gets without asking.
inline constexpr std::size_t kPlainSharedBytes = 48 << 10;

/// Queues kernel(arguments...) for `op` on a tensor of `shape`. Throws DeviceError when it cannot be launched.
template <class... Parameters, class... Arguments>
void launch(std::string_view op, const Shape& shape, cudaStream_t stream, const Grid& grid,
            void (*kernel)(Parameters...), const Arguments&... arguments) {
  if (grid.shared_bytes > kPlainSharedBytes) {
    check(
        cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(grid.shared_bytes)),
        op);
  }
  kernel<<<grid.blocks, grid.threads, grid.shared_bytes, stream>>>(static_cast<Parameters>(arguments)...);
  check_launch(op, shape);
}

/// The block's own T, uninitialised. All uses of one T in a kernel are the same memory.
template <class T>
__device__ __forceinline__ T& block_shared() {
  __shared__ T storage;
  return storage;
}

/// The bytes that the launch asked for, aligned to 128.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  extern __shared__ __align__(128) unsigned char bytes[];
  return reinterpret_cast<T*>(bytes);
}

}  // namespace eft::cuda
