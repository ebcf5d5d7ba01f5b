#pragma once

#include "backend/cuda/lanes.cuh"

namespace eft::cuda {

template <class A>
__device__ __forceinline__ A warp_sum(A value) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) value += __shfl_xor_sync(0xffffffffU, value, offset);
  return value;
}

/// NaN wins, so that a broken value is not lost.
template <class A>
__device__ __forceinline__ A larger(A a, A b) {
  return a > b || a != a ? a : b;
}

template <class A>
__device__ __forceinline__ A warp_max(A value) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) value = larger(value, __shfl_xor_sync(0xffffffffU, value, offset));
  return value;
}

/// A value of each warp of a block.
template <class A>
struct WarpParts {
  A of[32];
};

/// Combines a value of every thread of the block, at most 1024, in an order that is always the same; every thread gets
/// the result.
template <class A, class Warp>
__device__ __forceinline__ A block_reduce(A value, A neutral, Warp warp) {
  A(&parts)[32] = block_shared<WarpParts<A>>().of;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  value = warp(value);
  __syncthreads();  // an earlier call may still be reading
  if (lane == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  const int warps = (static_cast<int>(blockDim.x) + 31) / 32;
  return warp(lane < warps ? parts[lane] : neutral);
}

template <class A>
__device__ __forceinline__ A block_sum(A value) {
  return block_reduce(value, A(0), [](A x) { return warp_sum(x); });
}

template <class A>
__device__ __forceinline__ A block_max(A value) {
  return block_reduce(value, A(-INFINITY), [](A x) { return warp_max(x); });
}

/// Calls body(i, n) for the elements of a row, shared among the threads of the block.
template <class T, class Body>
__device__ __forceinline__ void for_row(std::int64_t columns, Body body) {
  constexpr int kStep = Lanes<T>::kCount;
  for (std::int64_t i = static_cast<std::int64_t>(threadIdx.x) * kStep; i < columns;
       i += static_cast<std::int64_t>(blockDim.x) * kStep) {
    body(i, static_cast<int>(columns - i < kStep ? columns - i : kStep));
  }
}

template <class Body>
__global__ void rows_kernel(std::int64_t rows, Body body) {
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x) body(row);
}

/// Threads that share a row of so many columns.
template <class T>
unsigned threads_for(std::int64_t columns) {
  const std::int64_t runs = (columns + Lanes<T>::kCount - 1) / Lanes<T>::kCount;
  return runs <= 32 ? 32 : runs <= 64 ? 64 : runs <= 128 ? 128 : runs <= 256 ? 256 : 512;
}

/// Calls body(row) with all threads of a block for every row.
template <class T, class Body>
void for_each_row(Stream stream, std::string_view op, const Shape& shape, std::int64_t rows, std::int64_t columns,
                  Body body) {
  if (rows == 0) return;
  launch(op, shape, stream_of(stream),
         {static_cast<unsigned>(rows < kMostBlocks ? rows : kMostBlocks), threads_for<T>(columns)}, rows_kernel<Body>,
         rows, body);
}

}  // namespace eft::cuda
