#include "backend/cuda/reduce.cuh"
#include "ops/scale/scale.h"

namespace eft::cuda {
namespace {

/// to = from·factor·constant; the factor is read on the device.
template <class T>
void multiply(Stream stream, ConstView x, ConstView factor, double constant, GradView y) {
  const T *from = in<T>(x), *scalar = in<T>(factor);
  T* to = out<T>(y);
  const auto c = static_cast<Sum<T>>(constant);
  const bool accumulate = y.accumulate;
  for_each_lanes<T>(stream, "scale", x.shape, [=] __device__(std::int64_t i, int n) {
    const Sum<T> f = c * (scalar != nullptr ? widen(*scalar) : Sum<T>(1));
    Lanes<T> v = load_n(from + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] *= f;
    put_n(v, to + i, n, accumulate);
  });
}

template <class T, class G>
void factor_gradient(Stream stream, ConstView x, double constant, ConstView dy, GradView dfactor) {
  const T *a = in<T>(x), *b = in<T>(dy);
  G* to = out<G>(dfactor);
  const bool accumulate = dfactor.accumulate;
  sum_of(
      stream, "scale backward", x.shape, x.shape.elements(),
      [=] __device__(std::int64_t i) { return static_cast<double>(widen(a[i])) * static_cast<double>(widen(b[i])); },
      [=] __device__(double sum) {
        const double old = accumulate ? static_cast<double>(widen(*to)) : 0.0;
        *to = narrow<G>(old + constant * sum);
      });
}

void forward(Stream stream, ConstView x, ConstView factor, double constant, View y) {
  on_type(x.dtype, [&](auto tag) { multiply<decltype(tag)>(stream, x, factor, constant, {y, false}); });
}

void backward(Stream stream, ConstView x, ConstView factor, double constant, ConstView dy, GradView dx,
              GradView dfactor) {
  on_type(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    if (dx) multiply<T>(stream, dy, factor, constant, dx);
    if (!dfactor) return;
    on_type(dfactor.view.dtype,
            [&](auto grad) { factor_gradient<T, decltype(grad)>(stream, x, constant, dy, dfactor); });
  });
}

const bool registered = scale_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
