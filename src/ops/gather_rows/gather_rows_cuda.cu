#include "backend/cuda/rows.cuh"
#include "ops/gather_rows/gather_rows.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, ConstView x, const std::int32_t* rows, View y) {
  const std::int64_t columns = x.shape[1];
  const T* from = in<T>(x);
  T* to = out<T>(y);
  for_each_row<T>(stream, "gather_rows", y.shape, y.shape[0], columns, [=] __device__(std::int64_t row) {
    for_row<T>(columns, [&](std::int64_t i, int n) {
      store_n(load_n(from + rows[row] * columns + i, n), to + row * columns + i, n);
    });
  });
}

template <class T>
void backward_typed(Stream stream, ConstView dy, const std::int32_t* rows, GradView dx) {
  const std::int64_t columns = dy.shape[1];
  const T* from = in<T>(dy);
  T* to = out<T>(dx);
  for_each_row<T>(stream, "gather_rows backward", dy.shape, dy.shape[0], columns, [=] __device__(std::int64_t row) {
    for_row<T>(columns, [&](std::int64_t i, int n) {
      put_n(load_n(from + row * columns + i, n), to + rows[row] * columns + i, n, true);
    });
  });
}

void forward(Stream stream, ConstView x, std::span<const std::int32_t> rows, View y) {
  const Uploaded<std::int32_t> device_rows(stream_of(stream), rows);
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, x, device_rows.data(), y); });
}

void backward(Stream stream, ConstView dy, std::span<const std::int32_t> rows, GradView dx) {
  if (!dx.accumulate) device_clear(stream, dx.view);
  const Uploaded<std::int32_t> device_rows(stream_of(stream), rows);
  on_type(dy.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, dy, device_rows.data(), dx); });
}

const bool registered = gather_rows_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
