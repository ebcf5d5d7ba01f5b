#include "backend/cuda/rows.cuh"
#include "ops/segment_sum/segment_sum.h"

namespace eft::cuda {
namespace {

constexpr std::int64_t kUsualLength = 512;  // elements of a range, for the number of its threads

void forward(Stream stream, ConstView x, std::span<const ElementRange> ranges, double scale, View y) {
  const Uploaded<ElementRange> device_ranges(stream_of(stream), ranges);
  const ElementRange* all = device_ranges.data();
  const double* from = in<double>(x);
  double* to = out<double>(y);
  for_each_row<double>(stream, "segment_sum", y.shape, y.shape[0], kUsualLength, [=] __device__(std::int64_t s) {
    double sum = 0;
    for (std::int64_t i = all[s].begin + static_cast<std::int64_t>(threadIdx.x); i < all[s].end; i += blockDim.x) {
      sum += from[i];
    }
    sum = block_sum(sum);
    if (threadIdx.x == 0) to[s] = scale * sum;
  });
}

void backward(Stream stream, ConstView dy, std::span<const ElementRange> ranges, double scale, GradView dx) {
  if (!dx.accumulate) device_clear(stream, dx.view);
  const Uploaded<ElementRange> device_ranges(stream_of(stream), ranges);
  const ElementRange* all = device_ranges.data();
  const double* from = in<double>(dy);
  double* to = out<double>(dx.view);
  for_each_row<double>(
      stream, "segment_sum backward", dy.shape, dy.shape[0], kUsualLength, [=] __device__(std::int64_t s) {
        for (std::int64_t i = all[s].begin + static_cast<std::int64_t>(threadIdx.x); i < all[s].end; i += blockDim.x) {
          to[i] += scale * from[s];
        }
      });
}

const bool registered = segment_sum_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
