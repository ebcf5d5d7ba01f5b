#include "backend/cuda/lanes.cuh"
#include "ops/softcap/softcap.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, ConstView x, double cap, View y) {
  const T* from = in<T>(x);
  T* to = out<T>(y);
  const auto bound = static_cast<Sum<T>>(cap), inverse = static_cast<Sum<T>>(1 / cap);
  for_each_lanes<T>(stream, "softcap", y.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> v = load_n(from + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = tanh(v.v[l] * inverse) * bound;
    store_n(v, to + i, n);
  });
}

template <class T>
void backward_typed(Stream stream, ConstView x, double cap, ConstView dy, GradView dx) {
  const T *from = in<T>(x), *grad = in<T>(dy);
  T* to = out<T>(dx);
  const auto inverse = static_cast<Sum<T>>(1 / cap);
  const bool accumulate = dx.accumulate;
  for_each_lanes<T>(stream, "softcap backward", dy.shape, [=] __device__(std::int64_t i, int n) {
    const Lanes<T> v = load_n(from + i, n);
    Lanes<T> g = load_n(grad + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) {
      const Sum<T> bent = tanh(v.v[l] * inverse);
      g.v[l] *= 1 - bent * bent;
    }
    put_n(g, to + i, n, accumulate);
  });
}

void forward(Stream stream, ConstView x, double cap, View y) {
  on_type(y.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, x, cap, y); });
}

void backward(Stream stream, ConstView x, double cap, ConstView dy, GradView dx) {
  on_type(dy.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, x, cap, dy, dx); });
}

const bool registered = softcap_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
