#include "backend/cuda/rows.cuh"
#include "ops/gaussian_topk/gaussian_topk.h"

namespace eft::cuda {
namespace {

template <class A>
struct Moments {
  A mean, deviation;
};

/// In two passes, since μ² may be far above σ².
template <class T>
__device__ __forceinline__ Moments<Sum<T>> moments(std::int64_t columns, const T* x) {
  using A = Sum<T>;
  A sum = 0;
  for_row<T>(columns, [&](std::int64_t i, int n) {
    const Lanes<T> v = load_n(x + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) sum += v.v[l];
  });
  const A mean = block_sum(sum) / static_cast<A>(columns);
  A squares = 0;
  for_row<T>(columns, [&](std::int64_t i, int n) {
    const Lanes<T> v = load_n(x + i, n);
    for (int l = 0; l < n; ++l) squares += (v.v[l] - mean) * (v.v[l] - mean);
  });
  return {mean, sqrt(block_sum(squares) / static_cast<A>(columns))};
}

template <class T>
void forward_typed(Stream stream, ConstView x, double deviations, View y) {
  const std::int64_t columns = x.shape.columns();
  const T* px = in<T>(x);
  T* py = out<T>(y);
  const auto q = static_cast<Sum<T>>(deviations);
  for_each_row<T>(stream, "gaussian_topk", x.shape, x.shape.rows(), columns, [=] __device__(std::int64_t row) {
    const auto m = moments(columns, px + row * columns);
    const Sum<T> cutoff = m.mean + q * m.deviation;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(px + row * columns + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = v.v[l] <= cutoff ? Sum<T>(0) : v.v[l] - cutoff;
      store_n(v, py + row * columns + i, n);
    });
  });
}

/// With h = dy where x is above the cut-off and H = Σh: dx = h − H·(1/N + q(x − μ)/(Nσ)).
template <class T>
void backward_typed(Stream stream, ConstView x, double deviations, ConstView dy, GradView dx) {
  using A = Sum<T>;
  const std::int64_t columns = x.shape.columns();
  const T *px = in<T>(x), *pd = in<T>(dy);
  T* to = out<T>(dx);
  const A q = static_cast<A>(deviations);
  const bool accumulate = dx.accumulate;
  for_each_row<T>(stream, "gaussian_topk backward", x.shape, x.shape.rows(), columns, [=] __device__(std::int64_t row) {
    const std::int64_t at = row * columns;
    const auto m = moments(columns, px + at);
    const A cutoff = m.mean + q * m.deviation;
    A sum = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(px + at + i, n), g = load_n(pd + at + i, n);
      for (int l = 0; l < n; ++l) sum += v.v[l] > cutoff ? g.v[l] : A(0);
    });
    const A share = block_sum(sum) / static_cast<A>(columns);
    const A slope = m.deviation > 0 ? share * q / m.deviation : A(0);
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(px + at + i, n);
      Lanes<T> g = load_n(pd + at + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) {
        const A passed = v.v[l] > cutoff ? g.v[l] : A(0);
        g.v[l] = passed - (slope * (v.v[l] - m.mean) + share);
      }
      put_n(g, to + at + i, n, accumulate);
    });
  });
}

void forward(Stream stream, ConstView x, double deviations, View y) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, x, deviations, y); });
}

void backward(Stream stream, ConstView x, double deviations, ConstView dy, GradView dx) {
  on_type(x.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, x, deviations, dy, dx); });
}

const bool registered = gaussian_topk_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
