#pragma once

#include "backend/cuda/rows.cuh"

namespace eft::cuda {

inline constexpr int kReduceBlocks = 256;

template <class Body>
__global__ void partial_sums_kernel(std::int64_t count, double* partial, Body body) {
  double sum = 0;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += stride) {
    sum += body(i);
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

template <class Finish>
__global__ void final_sum_kernel(const double* partial, Finish finish) {
  const double sum = block_sum(partial[threadIdx.x]);
  if (threadIdx.x == 0) finish(sum);
}

/// finish(Σ body(i)) on one thread of the device; summed in double, in an order that is always the same.
template <class Body, class Finish>
void sum_of(Stream stream, std::string_view op, const Shape& shape, std::int64_t count, Body body, Finish finish) {
  const cudaStream_t queue = stream_of(stream);
  const Scratch partial(kReduceBlocks * static_cast<std::int64_t>(sizeof(double)));
  launch(op, shape, queue, {kReduceBlocks, kThreads}, partial_sums_kernel<Body>, count, partial.as<double>(), body);
  launch(op, shape, queue, {1, kReduceBlocks}, final_sum_kernel<Finish>, partial.as<const double>(), finish);
}

}  // namespace eft::cuda
