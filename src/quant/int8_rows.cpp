#include "quant/int8_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "tensor/half.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsPerTask = 16;

/// Packs one row, whose values are in `row`, which is used up. Returns its scale.
float pack_row(std::vector<float>& row, std::int8_t* codes) {
  float largest = 0;
  for (float& x : row) {
    const float half = rounded_to_half(x);
    if (!(std::fabs(half) <= kLargestHalf)) {
      throw DataError("a weight of {} cannot be held in 8 bits, which begin with a rounding to float16 (at most 65504)",
                      x);
    }
    x = half;
    largest = std::max(largest, std::fabs(x));
  }
  const float factor = largest > 0 ? 127.0F / largest : 0.0F;
  for (std::size_t i = 0; i < row.size(); ++i) codes[i] = static_cast<std::int8_t>(std::nearbyint(row[i] * factor));
  return largest;
}

template <class T>
void pack_rows(const Tensor& values, PackedTensor& packed) {
  const std::int64_t columns = values.shape().columns();
  const T* const from = values.data<T>();
  auto* const codes = static_cast<std::int8_t*>(packed.codes.raw());
  auto* const scales = packed.scales.data<float>();
  parallel_for(values.shape().rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> row(static_cast<std::size_t>(columns));
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        row[static_cast<std::size_t>(c)] = static_cast<float>(from[r * columns + c]);
      }
      scales[r] = pack_row(row, codes + r * columns);
    }
  });
}

PackedTensor pack_int8(const Tensor& values, const Storage&, DType dtype, Pool& pool, Category category) {
  PackedTensor packed{.format = &int8_rows, .dtype = dtype, .shape = values.shape()};
  packed.codes = Tensor(pool, category, DType::u8, values.shape());
  packed.scales = Tensor(pool, category, DType::f32, {values.shape().rows()});
  packed.block = {1, values.shape().columns()};
  if (pool.device() == Device::meta) return packed;
  values.dtype() == DType::bf16 ? pack_rows<BFloat16>(values, packed) : pack_rows<float>(values, packed);
  return packed;
}

void unpack_int8(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, float* to) {
  const auto* const codes = static_cast<const std::int8_t*>(packed.codes.raw()) + row * packed.shape.columns() + column;
  const float scale = packed.scales.data<float>()[row];
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(codes[i]) * scale * kInt8Step;
}

}  // namespace

constinit const PackedFormat int8_rows{.name = "int8", .unpack = unpack_int8, .pack = pack_int8};

}  // namespace eft
