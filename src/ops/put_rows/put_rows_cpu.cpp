#include <cstring>

#include "ops/add/add.h"
#include "ops/put_rows/put_rows.h"

namespace eft {
namespace {

/// `count` rows of a matrix from `begin` on.
template <class V>
V part(V matrix, std::int64_t begin, std::int64_t count) {
  using Byte = std::conditional_t<std::is_same_v<V, View>, char, const char>;
  const std::int64_t columns = matrix.shape[1];
  matrix.data = static_cast<Byte*>(matrix.data) + static_cast<std::size_t>(begin * columns) * size_of(matrix.dtype);
  matrix.shape = {count, columns};
  return matrix;
}

std::size_t bytes(const Shape& shape, DType dtype) {
  return static_cast<std::size_t>(shape.elements()) * size_of(dtype);
}

void forward(Stream, ConstView rows, std::int64_t begin, View y) {
  std::memcpy(part(y, begin, rows.shape[0]).data, rows.data, bytes(rows.shape, rows.dtype));
}

void backward(Stream stream, ConstView dy, std::int64_t begin, GradView drows) {
  add_kernels.find(Device::cpu)->backward(stream, part(dy, begin, drows.view.shape[0]), 1.0, drows);
}

void clear(Stream, std::int64_t begin, std::int64_t count, View dy) {
  const View rows = part(dy, begin, count);
  std::memset(rows.data, 0, bytes(rows.shape, rows.dtype));
}

const bool registered = put_rows_kernels.add(Device::cpu, {.forward = forward, .backward = backward, .clear = clear});

}  // namespace
}  // namespace eft
