#include "backend/cuda/reduce.cuh"
#include "ops/muon/muon.h"

namespace eft::cuda {
namespace {

template <class F>
void on_float(DType dtype, F f) {
  dtype == DType::f64 ? f(double{}) : f(float{});
}

template <class T>
void momentum_typed(Stream stream, double mu, bool nesterov, double gradient_scale, View g, View buffer) {
  T *to = out<T>(g), *kept = out<T>(buffer);
  const T share = static_cast<T>(mu), scale = static_cast<T>(gradient_scale);
  for_each_lanes<T>(stream, "muon momentum", g.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> gradient = load_n(to + i, n), moved = load_n(kept + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) {
      const T scaled = gradient.v[l] * scale;
      moved.v[l] = moved.v[l] * share + scaled;
      gradient.v[l] = nesterov ? moved.v[l] * share + scaled : moved.v[l];
    }
    store_n(moved, kept + i, n);
    store_n(gradient, to + i, n);
  });
}

void momentum(Stream stream, double mu, bool nesterov, double gradient_scale, View g, View buffer) {
  on_float(g.dtype, [&](auto tag) { momentum_typed<decltype(tag)>(stream, mu, nesterov, gradient_scale, g, buffer); });
}

template <class T>
void normalise_typed(Stream stream, double epsilon, View x) {
  T* values = out<T>(x);
  const Scratch scratch(static_cast<std::int64_t>(sizeof(double)));
  double* divisor = scratch.as<double>();
  sum_of(
      stream, "muon normalise", x.shape, x.shape.elements(),
      [=] __device__(std::int64_t i) { return static_cast<double>(values[i]) * static_cast<double>(values[i]); },
      [=] __device__(double sum) { *divisor = sqrt(sum) + epsilon; });
  for_each_lanes<T>(stream, "muon normalise", x.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> v = load_n(values + i, n);
    const T by = static_cast<T>(*divisor);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] /= by;
    store_n(v, values + i, n);
  });
}

void normalise(Stream stream, double epsilon, View x) {
  on_float(x.dtype, [&](auto tag) { normalise_typed<decltype(tag)>(stream, epsilon, x); });
}

template <class T>
void combine_typed(Stream stream, double a, ConstView x, double b, View y) {
  const T* from = in<T>(x);
  T* to = out<T>(y);
  const T of_x = static_cast<T>(a), of_y = static_cast<T>(b);
  for_each_lanes<T>(stream, "muon combine", y.shape, [=] __device__(std::int64_t i, int n) {
    const Lanes<T> given = load_n(from + i, n);
    Lanes<T> v = load_n(to + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = given.v[l] * of_x + v.v[l] * of_y;
    store_n(v, to + i, n);
  });
}

void combine(Stream stream, double a, ConstView x, double b, View y) {
  on_float(y.dtype, [&](auto tag) { combine_typed<decltype(tag)>(stream, a, x, b, y); });
}

const bool registered =
    muon_kernels.add(Device::cuda, {.momentum = momentum, .normalise = normalise, .combine = combine});

}  // namespace
}  // namespace eft::cuda
