#include "backend/cuda/gelu.cuh"
#include "backend/cuda/lanes.cuh"
#include "ops/gelu/gelu.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, ConstView x, View y) {
  const T* from = in<T>(x);
  T* to = out<T>(y);
  for_each_lanes<T>(stream, "gelu", x.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> v = load_n(from + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = gelu(v.v[l]);
    store_n(v, to + i, n);
  });
}

template <class T>
void backward_typed(Stream stream, ConstView x, ConstView dy, GradView dx) {
  const T *from = in<T>(x), *grads = in<T>(dy);
  T* to = out<T>(dx);
  const bool accumulate = dx.accumulate;
  for_each_lanes<T>(stream, "gelu backward", x.shape, [=] __device__(std::int64_t i, int n) {
    const Lanes<T> v = load_n(from + i, n);
    Lanes<T> g = load_n(grads + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] *= gelu_and_slope(v.v[l]).slope;
    put_n(g, to + i, n, accumulate);
  });
}

void forward(Stream stream, ConstView x, View y) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, x, y); });
}

void backward(Stream stream, ConstView x, ConstView dy, GradView dx) {
  on_type(x.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, x, dy, dx); });
}

const bool registered = gelu_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
