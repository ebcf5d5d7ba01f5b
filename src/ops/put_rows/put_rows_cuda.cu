#include "backend/cuda/rows.cuh"
#include "ops/put_rows/put_rows.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, ConstView rows, std::int64_t begin, View y) {
  const T* from = in<T>(rows);
  T* to = out<T>(y) + begin * y.shape[1];
  for_each_lanes<T>(stream, "put_rows", rows.shape,
                    [=] __device__(std::int64_t i, int n) { store_n(load_n(from + i, n), to + i, n); });
}

void forward(Stream stream, ConstView rows, std::int64_t begin, View y) {
  on_type(rows.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, rows, begin, y); });
}

template <class T>
void backward_typed(Stream stream, ConstView dy, std::int64_t begin, GradView drows) {
  const T* from = in<T>(dy) + begin * dy.shape[1];
  T* to = out<T>(drows);
  const bool accumulate = drows.accumulate;
  for_each_lanes<T>(stream, "put_rows backward", drows.view.shape,
                    [=] __device__(std::int64_t i, int n) { put_n(load_n(from + i, n), to + i, n, accumulate); });
}

void backward(Stream stream, ConstView dy, std::int64_t begin, GradView drows) {
  on_type(dy.dtype, [&](auto tag) { backward_typed<decltype(tag)>(stream, dy, begin, drows); });
}

template <class T>
void clear_typed(Stream stream, std::int64_t begin, std::int64_t count, View dy) {
  T* to = out<T>(dy) + begin * dy.shape[1];
  const Shape rows{count, dy.shape[1]};
  for_each_lanes<T>(stream, "put_rows clear", rows,
                    [=] __device__(std::int64_t i, int n) { store_n(Lanes<T>{}, to + i, n); });
}

void clear(Stream stream, std::int64_t begin, std::int64_t count, View dy) {
  on_type(dy.dtype, [&](auto tag) { clear_typed<decltype(tag)>(stream, begin, count, dy); });
}

const bool registered = put_rows_kernels.add(Device::cuda, {.forward = forward, .backward = backward, .clear = clear});

}  // namespace
}  // namespace eft::cuda
