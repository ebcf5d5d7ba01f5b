#include "backend/cuda/lanes.cuh"
#include "ops/rotary/rotary.h"

namespace eft::cuda {
namespace {

template <class T>
void tabulate_typed(Stream stream, const std::int32_t* positions, const double* inverse_frequencies, View table) {
  const std::int64_t half = table.shape[1] / 2;
  T* to = out<T>(table);
  for_each(stream, "rotary table", table.shape, table.shape[0] * half, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t row = at / half, i = at - row * half;
    double sine = 0, cosine = 0;
    sincos(positions[row] * inverse_frequencies[i], &sine, &cosine);
    to[row * 2 * half + i] = narrow<T>(static_cast<Sum<T>>(cosine));
    to[row * 2 * half + half + i] = narrow<T>(static_cast<Sum<T>>(sine));
  });
}

/// Made on the device: a row of 8192 tokens has some millions of angles, as much work for the host as many layers.
void tabulate(Stream stream, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
              View table) {
  const cudaStream_t queue = stream_of(stream);
  const Uploaded<std::int32_t> device_positions(queue, positions);
  const Uploaded<double> frequencies(queue, inverse_frequencies);
  on_type(table.dtype, [&](auto tag) {
    tabulate_typed<decltype(tag)>(stream, device_positions.data(), frequencies.data(), table);
  });
}

const bool registered = rotary_kernels.add(Device::cuda, {.tabulate = tabulate});

}  // namespace
}  // namespace eft::cuda
