#pragma once

#include "tensor/packed_tensor.h"

namespace eft {

/// What a product reads as its weight: a matrix [rows, columns], or one for each group. Its values as they are, or
/// codes; `packed` must outlive the view. A default view is absent.
struct WeightView {
  ConstView data;                        ///< the values; absent where they are packed
  const PackedTensor* packed = nullptr;  ///< of which the view has the rows from `first_row` on
  std::int64_t first_row = 0;
  Shape shape;
  DType dtype = DType::f32;  ///< which holds all values

  WeightView() = default;
  WeightView(const ConstView& dense) : data(dense), shape(dense.shape), dtype(dense.dtype) {}
  WeightView(const View& dense) : WeightView(ConstView(dense)) {}
  WeightView(const PackedTensor& of)
      : packed(&of), shape(of.shape), dtype(of.dtype == DType::f16 ? DType::f32 : of.dtype) {}

  explicit operator bool() const { return packed != nullptr || static_cast<bool>(data); }
  /// The values of a weight that is not packed.
  const ConstView& dense() const {
    expect(packed == nullptr, "a weight that is not packed");
    return data;
  }

  /// Rows [first, first + count) of a matrix.
  WeightView rows(std::int64_t first, std::int64_t count) const;
  /// The matrix of group `g` of [groups, rows, columns].
  WeightView group(std::int64_t g) const;

 private:
  WeightView part(std::int64_t first, Shape part_shape) const;
};

/// Values [column, column + count) of a row of a packed matrix on the host.
void unpack(const WeightView& weight, std::int64_t row, std::int64_t column, std::int64_t count, float* to);

/// What a kernel reads of it.
double bytes_of(const WeightView& weight);

}  // namespace eft
