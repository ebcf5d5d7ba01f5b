#include "backend/cuda/rows.cuh"
#include "ops/average_pool/average_pool.h"

namespace eft::cuda {
namespace {

/// The pixel number `at` of a cell.
__device__ __forceinline__ std::int64_t pixel_of(PoolShape s, std::int64_t cells, std::int64_t cell, std::int64_t at) {
  const std::int64_t y = cell / cells * s.size + at / s.size, x = cell % cells * s.size + at % s.size;
  return y * s.side + x;
}

template <class T>
void forward_typed(Stream stream, PoolShape s, ConstView x, View y) {
  using A = Sum<T>;
  const std::int64_t columns = x.shape[1], cells = s.cells();
  const T* from = in<T>(x);
  T* to = out<T>(y);
  const A share = A(1) / static_cast<A>(s.size * s.size);
  for_each_row<T>(stream, "average_pool", y.shape, y.shape[0], columns, [=] __device__(std::int64_t cell) {
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> sum{};
      for (std::int64_t at = 0; at < s.size * s.size; ++at) {
        const Lanes<T> v = load_n(from + pixel_of(s, cells, cell, at) * columns + i, n);
        for (int l = 0; l < Lanes<T>::kCount; ++l) sum.v[l] += v.v[l];
      }
      for (int l = 0; l < Lanes<T>::kCount; ++l) sum.v[l] *= share;
      store_n(sum, to + cell * columns + i, n);
    });
  });
}

template <class T>
void backward_typed(Stream stream, PoolShape s, ConstView dy, GradView dx) {
  using A = Sum<T>;
  const std::int64_t columns = dy.shape[1], cells = s.cells();
  const bool accumulate = dx.accumulate;
  const T* from = in<T>(dy);
  T* to = out<T>(dx);
  const A share = A(1) / static_cast<A>(s.size * s.size);
  for_each_row<T>(stream, "average_pool backward", dy.shape, dy.shape[0], columns, [=] __device__(std::int64_t cell) {
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> part = load_n(from + cell * columns + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) part.v[l] *= share;
      for (std::int64_t at = 0; at < s.size * s.size; ++at) {
        put_n(part, to + pixel_of(s, cells, cell, at) * columns + i, n, accumulate);
      }
    });
  });
}

void forward(Stream stream, PoolShape s, ConstView x, View y) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, s, x, y); });
}

void backward(Stream stream, PoolShape s, ConstView dy, GradView dx) {
  on_type(dy.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, s, dy, dx); });
}

const bool registered = average_pool_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
