#include "backend/cuda/rows.cuh"
#include "ops/match_rms/match_rms.h"

namespace eft::cuda {
namespace {

constexpr double kSmallestMeanSquare = 1e-5;

/// Root mean squares of one row: of the reference, and of x held above the smallest.
template <class A>
struct Magnitudes {
  A reference, x;
  bool held;  ///< x is so small that its own magnitude does not count
};

/// Σ a·b over a row, for every thread of the block.
template <class T>
__device__ __forceinline__ Sum<T> dot(std::int64_t columns, const T* a, const T* b) {
  Sum<T> sum = 0;
  for_row<T>(columns, [&](std::int64_t i, int n) {
    const Lanes<T> x = load_n(a + i, n), y = load_n(b + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) sum += x.v[l] * y.v[l];
  });
  return block_sum(sum);
}

template <class T>
__device__ __forceinline__ Magnitudes<Sum<T>> magnitudes(std::int64_t columns, const T* x, const T* reference) {
  using A = Sum<T>;
  const A mean = dot(columns, x, x) / static_cast<A>(columns);
  const A goal = dot(columns, reference, reference) / static_cast<A>(columns);
  const bool held = mean <= static_cast<A>(kSmallestMeanSquare);
  return {sqrt(goal), sqrt(held ? static_cast<A>(kSmallestMeanSquare) : mean), held};
}

template <class T>
void forward_typed(Stream stream, ConstView x, ConstView reference, View y) {
  const std::int64_t columns = x.shape.columns();
  const T *px = in<T>(x), *pr = in<T>(reference);
  T* py = out<T>(y);
  for_each_row<T>(stream, "match_rms", x.shape, x.shape.rows(), columns, [=] __device__(std::int64_t row) {
    const std::int64_t at = row * columns;
    const auto m = magnitudes(columns, px + at, pr + at);
    const Sum<T> factor = m.reference / m.x;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(px + at + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] *= factor;
      store_n(v, py + at + i, n);
    });
  });
}

template <class T>
void backward_typed(Stream stream, ConstView x, ConstView reference, ConstView dy, GradView dx, GradView dreference) {
  using A = Sum<T>;
  const std::int64_t columns = x.shape.columns();
  const T *px = in<T>(x), *pr = in<T>(reference), *pd = in<T>(dy);
  T *tx = out<T>(dx), *tr = out<T>(dreference);
  const bool add_x = dx.accumulate, add_reference = dreference.accumulate;
  for_each_row<T>(stream, "match_rms backward", x.shape, x.shape.rows(), columns, [=] __device__(std::int64_t row) {
    const std::int64_t at = row * columns;
    const auto m = magnitudes(columns, px + at, pr + at);
    const A along = dot(columns, pd + at, px + at);
    const A size = static_cast<A>(columns);
    const A factor = m.reference / m.x;
    const A back = m.held ? A(0) : along / (size * m.x * m.x);
    const A pull = m.reference > 0 ? along / (m.x * size * m.reference) : A(0);
    for_row<T>(columns, [&](std::int64_t i, int n) {
      if (tx != nullptr) {
        const Lanes<T> v = load_n(px + at + i, n);
        Lanes<T> g = load_n(pd + at + i, n);
        for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] = factor * (g.v[l] - back * v.v[l]);
        put_n(g, tx + at + i, n, add_x);
      }
      if (tr == nullptr) return;
      Lanes<T> goal = load_n(pr + at + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) goal.v[l] *= pull;
      put_n(goal, tr + at + i, n, add_reference);
    });
  });
}

void forward(Stream stream, ConstView x, ConstView reference, View y) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, x, reference, y); });
}

void backward(Stream stream, ConstView x, ConstView reference, ConstView dy, GradView dx, GradView dreference) {
  on_type(x.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, x, reference, dy, dx, dreference); });
}

const bool registered = match_rms_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
