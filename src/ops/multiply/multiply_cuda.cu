#include "backend/cuda/rows.cuh"
#include "ops/multiply/multiply.h"

namespace eft::cuda {
namespace {

/// to = from ⊙ weight along the last axis.
template <class T>
void multiply_rows(Stream stream, ConstView x, ConstView weight, GradView y) {
  const T *from = in<T>(x), *pw = in<T>(weight);
  T* to = out<T>(y);
  const std::int64_t columns = x.shape.columns();
  const bool accumulate = y.accumulate;
  for_each_row<T>(stream, "multiply", x.shape, x.shape.rows(), columns, [=] __device__(std::int64_t row) {
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(from + row * columns + i, n);
      const Lanes<T> w = load_n(pw + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] *= w.v[l];
      put_n(v, to + row * columns + i, n, accumulate);
    });
  });
}

template <class T>
void weight_gradient(Stream stream, ConstView x, ConstView dy, GradView dweight, View partial) {
  using A = Sum<T>;
  expect(dweight.view.dtype == accumulator_of(x.dtype), "a weight gradient in the accumulator's dtype");
  const T *px = in<T>(x), *pd = in<T>(dy);
  A *sums = out<A>(partial), *to = out<A>(dweight);
  const std::int64_t columns = x.shape.columns(), rows = x.shape.rows(), chunks = partial.shape[0];
  for_each(stream, "multiply backward", partial.shape, chunks * columns, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t chunk = at / columns, j = at - chunk * columns;
    const std::int64_t end = min(rows, (chunk + 1) * kMultiplyPartialRows);
    A sum = 0;
    for (std::int64_t row = chunk * kMultiplyPartialRows; row < end; ++row) {
      sum += widen(pd[row * columns + j]) * widen(px[row * columns + j]);
    }
    sums[at] = sum;
  });
  const bool accumulate = dweight.accumulate;
  for_each(stream, "multiply backward", dweight.view.shape, columns, 1, [=] __device__(std::int64_t j, int) {
    A sum = 0;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk * columns + j];
    put(to + j, sum, accumulate);
  });
}

void forward(Stream stream, ConstView x, ConstView weight, View y) {
  on_type(x.dtype, [&](auto tag) { multiply_rows<decltype(tag)>(stream, x, weight, {y, false}); });
}

void backward(Stream stream, ConstView x, ConstView weight, ConstView dy, GradView dx, GradView dweight, View partial) {
  on_type(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    if (dx) multiply_rows<T>(stream, dy, weight, dx);
    if (dweight) weight_gradient<T>(stream, x, dy, dweight, partial);
  });
}

const bool registered = multiply_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
