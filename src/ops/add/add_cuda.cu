#include "backend/cuda/lanes.cuh"
#include "ops/add/add.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, ConstView a, ConstView b, double factor, View y) {
  const T *pa = in<T>(a), *pb = in<T>(b);
  T* py = out<T>(y);
  const auto f = static_cast<Sum<T>>(factor);
  for_each_lanes<T>(stream, "add", y.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> sum = load_n(pa + i, n);
    const Lanes<T> other = load_n(pb + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) sum.v[l] = (sum.v[l] + other.v[l]) * f;
    store_n(sum, py + i, n);
  });
}

template <class T>
void backward_typed(Stream stream, ConstView dy, double factor, GradView dx) {
  const T* from = in<T>(dy);
  T* to = out<T>(dx);
  const auto f = static_cast<Sum<T>>(factor);
  const bool accumulate = dx.accumulate;
  for_each_lanes<T>(stream, "add backward", dy.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> g = load_n(from + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] *= f;
    put_n(g, to + i, n, accumulate);
  });
}

void forward(Stream stream, ConstView a, ConstView b, double factor, View y) {
  on_type(y.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, a, b, factor, y); });
}

void backward(Stream stream, ConstView dy, double factor, GradView dx) {
  expect(dx.view.dtype == dy.dtype, "a gradient of the value's dtype");
  on_type(dy.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, dy, factor, dx); });
}

const bool registered = add_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
