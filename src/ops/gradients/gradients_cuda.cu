#include "backend/cuda/flat_list.cuh"
#include "backend/cuda/reduce.cuh"
#include "ops/gradients/gradients.h"

namespace eft::cuda {
namespace {

/// A gradient in the table of a launch.
template <class T>
struct Squared {
  const T* gradient;
  std::int64_t count, first = 0;
};

template <class T>
FlatList<Squared<T>> gradients_of(DType dtype, std::span<const ConstView> gradients) {
  FlatList<Squared<T>> list;
  for (const ConstView& gradient : gradients) {
    if (gradient.dtype == dtype) list.add({in<T>(gradient), gradient.shape.elements()});
  }
  return list;
}

/// sums[chunk] = Σ gradient² over the chunk.
template <class T>
void square_chunks(Stream stream, const FlatList<Squared<T>>& list, double* sums) {
  for_each_chunk(stream, "squared_norm", list,
                 [=] __device__(const Squared<T>& t, std::int64_t begin, std::int64_t end, std::int64_t chunk) {
                   double sum = 0;
                   for_row<T>(end - begin, [&](std::int64_t i, int n) {
                     const Lanes<T> v = load_n(t.gradient + begin + i, n);
                     for (int l = 0; l < Lanes<T>::kCount; ++l) {
                       sum += static_cast<double>(v.v[l]) * static_cast<double>(v.v[l]);
                     }
                   });
                   sum = block_sum(sum);
                   if (threadIdx.x == 0) sums[chunk] = sum;
                 });
}

double squared_norm(Stream stream, std::span<const ConstView> gradients) {
  const auto wide = gradients_of<double>(DType::f64, gradients);
  const auto plain = gradients_of<float>(DType::f32, gradients);
  const auto narrow = gradients_of<__nv_bfloat16>(DType::bf16, gradients);
  const std::int64_t chunks = wide.chunks() + plain.chunks() + narrow.chunks();
  if (chunks == 0) return 0;
  const cudaStream_t queue = stream_of(stream);
  const Scratch scratch((chunks + 1) * static_cast<std::int64_t>(sizeof(double)));
  double *const total = scratch.as<double>(), *const sums = total + 1;
  square_chunks(stream, wide, sums);
  square_chunks(stream, plain, sums + wide.chunks());
  square_chunks(stream, narrow, sums + wide.chunks() + plain.chunks());
  sum_of(
      stream, "squared_norm", Shape{chunks}, chunks, [=] __device__(std::int64_t i) { return sums[i]; },
      [=] __device__(double sum) { *total = sum; });
  double result = 0;
  copy_to_host(queue, &result, total, sizeof result);
  return result;
}

const bool registered = gradient_kernels.add(Device::cuda, {.squared_norm = squared_norm});

}  // namespace
}  // namespace eft::cuda
