#include "backend/cuda/rows.cuh"
#include "ops/add_bias/add_bias.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, ConstView bias, View y) {
  const T* terms = in<T>(bias);
  T* to = out<T>(y);
  const std::int64_t columns = y.shape[1];
  for_each_row<T>(stream, "add_bias", y.shape, y.shape[0], columns, [=] __device__(std::int64_t row) {
    for_row<T>(columns, [&](std::int64_t i, int n) { put_n(load_n(terms + i, n), to + row * columns + i, n, true); });
  });
}

template <class T>
void backward_typed(Stream stream, ConstView dy, GradView dbias, View partial) {
  using A = Sum<T>;
  const T* from = in<T>(dy);
  A *sums = out<A>(partial), *to = out<A>(dbias);
  const std::int64_t columns = dy.shape[1], rows = dy.shape[0], chunks = partial.shape[0];
  for_each(stream, "add_bias backward", partial.shape, chunks * columns, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t chunk = at / columns, j = at - chunk * columns;
    const std::int64_t end = min(rows, (chunk + 1) * kAddBiasPartialRows);
    A sum = 0;
    for (std::int64_t row = chunk * kAddBiasPartialRows; row < end; ++row) sum += widen(from[row * columns + j]);
    sums[at] = sum;
  });
  const bool accumulate = dbias.accumulate;
  for_each(stream, "add_bias backward", dbias.view.shape, columns, 1, [=] __device__(std::int64_t j, int) {
    A sum = 0;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk * columns + j];
    put(to + j, sum, accumulate);
  });
}

void forward(Stream stream, ConstView bias, View y) {
  on_type(y.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, bias, y); });
}

void backward(Stream stream, ConstView dy, GradView dbias, View partial) {
  expect(dbias.view.dtype == accumulator_of(dy.dtype), "the gradient of a bias in the accumulator's dtype");
  on_type(dy.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, dy, dbias, partial); });
}

const bool registered = add_bias_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
