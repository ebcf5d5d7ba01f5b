#pragma once

#include <cstdint>
#include <type_traits>

#include "tensor/tensor.h"

namespace eft::cpu {

/// `rows` × `columns` of `view` from element `at` on.
template <class V>
V part_of(V view, std::int64_t at, std::int64_t rows, std::int64_t columns) {
  using Byte = std::conditional_t<std::is_same_v<V, View>, char, const char>;
  view.data = static_cast<Byte*>(view.data) + static_cast<std::size_t>(at) * size_of(view.dtype);
  view.shape = {rows, columns};
  return view;
}

/// Rows [begin, end) of a matrix.
template <class V>
V rows_of(const V& matrix, std::int64_t begin, std::int64_t end) {
  return part_of(matrix, begin * matrix.shape[1], end - begin, matrix.shape[1]);
}

}  // namespace eft::cpu
