#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace eft {

/// Any tensor as a matrix of its last axis.
inline ConstView matrix(ConstView view) { return {view.data, view.dtype, {view.shape.rows(), view.shape.columns()}}; }
inline View matrix(View view) { return {view.data, view.dtype, {view.shape.rows(), view.shape.columns()}}; }
inline GradView matrix(GradView target) { return {matrix(target.view), target.accumulate}; }

/// `shape` with another last axis.
inline Shape with_columns(const Shape& shape, std::int64_t columns) {
  std::vector<std::int64_t> extents(shape.extents().begin(), shape.extents().end());
  extents.back() = columns;
  return Shape(std::span<const std::int64_t>(extents));
}

}  // namespace eft
