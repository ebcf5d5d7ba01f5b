#include "tensor/weight_view.h"

#include "tensor/half.h"

namespace eft {

WeightView WeightView::part(std::int64_t first, Shape part_shape) const {
  WeightView part = *this;
  if (packed != nullptr) {
    part.first_row += first;
  } else {
    part.data.data = data.as<char>() + static_cast<std::size_t>(first * shape.columns()) * size_of(data.dtype);
    part.data.shape = part_shape;
  }
  part.shape = std::move(part_shape);
  return part;
}

WeightView WeightView::rows(std::int64_t first, std::int64_t count) const {
  expect(shape.rank() == 2 && first >= 0 && first + count <= shape[0], "rows of the matrix");
  return part(first, {count, shape[1]});
}

WeightView WeightView::group(std::int64_t g) const {
  expect(shape.rank() == 3 && g >= 0 && g < shape[0], "a group of the weight");
  return part(g * shape[1], {shape[1], shape[2]});
}

void unpack(const WeightView& weight, std::int64_t row, std::int64_t column, std::int64_t count, float* to) {
  const PackedTensor& packed = *weight.packed;
  packed.format->unpack(packed, weight.first_row + row, column, count, to);
  if (packed.dtype == DType::bf16) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(BFloat16(to[i]));
  } else if (packed.dtype == DType::f16) {
    for (std::int64_t i = 0; i < count; ++i) to[i] = rounded_to_half(to[i]);
  }
}

double bytes_of(const WeightView& weight) {
  const auto elements = static_cast<double>(weight.shape.elements());
  if (weight.packed == nullptr) return weight.data ? elements * static_cast<double>(size_of(weight.data.dtype)) : 0;
  return static_cast<double>(weight.packed->bytes()) * elements / static_cast<double>(weight.packed->shape.elements());
}

}  // namespace eft
