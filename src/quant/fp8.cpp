#include "quant/fp8.h"

#include <algorithm>

#include "base/parallel.h"
#include "quant/small_floats.h"

namespace eft {
namespace {

constexpr std::int64_t kSide = 128;
constexpr float kLargest = 448;

std::int64_t parts_of(std::int64_t size, std::int64_t part) { return (size + part - 1) / part; }
std::int64_t rows_of_group(const Shape& shape) { return shape[shape.rank() - 2]; }

void unpack_fp8(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, float* to) {
  const auto* const codes =
      static_cast<const std::uint8_t*>(packed.codes.raw()) + row * packed.shape.columns() + column;
  const auto [block_rows, block_columns] = packed.block;
  const std::int64_t rows = rows_of_group(packed.shape);
  const std::int64_t line = row / rows * parts_of(rows, block_rows) + row % rows / block_rows;
  const float* const scales = packed.scales.data<float>() + line * parts_of(packed.shape.columns(), block_columns);
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t block = (column + i) / block_columns;
    const std::int64_t end = std::min(count, (block + 1) * block_columns - column);
    for (; i < end; ++i) to[i] = kE4m3Values[codes[i]] * scales[block];
  }
}

/// Packs one block: rows [0, rows) × columns of `from`, `stride` elements a row. Returns its scale.
template <class T>
float pack_block(const T* from, std::int64_t rows, std::int64_t columns, std::int64_t stride, std::uint8_t* to) {
  float largest = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const float size = std::fabs(static_cast<float>(from[r * stride + c]));
      if (!(size <= 3.4e38F)) throw DataError("a weight is infinite or not a number, and so it cannot be held in fp8");
      largest = std::max(largest, size);
    }
  }
  const float factor = largest > 0 ? 1.0F / largest * kLargest : 1.0F;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      to[r * stride + c] = e4m3_code(static_cast<float>(from[r * stride + c]) * factor);
    }
  }
  return 1.0F / factor;
}

template <class T>
void pack_blocks(const Tensor& values, PackedTensor& packed) {
  const auto [block_rows, block_columns] = packed.block;
  const std::int64_t columns = values.shape().columns(), across = parts_of(columns, block_columns);
  const T* const from = values.data<T>();
  auto* const codes = static_cast<std::uint8_t*>(packed.codes.raw());
  float* const scales = packed.scales.data<float>();
  parallel_for(packed.scales.elements() / across, 1,
               [&, block_rows = block_rows, block_columns = block_columns](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t line = begin; line < end; ++line) {
                   for (std::int64_t b = 0; b < across; ++b) {
                     const std::int64_t at = line * block_rows * columns + b * block_columns;
                     scales[line * across + b] =
                         pack_block(from + at, block_rows, std::min(block_columns, columns - b * block_columns),
                                    columns, codes + at);
                   }
                 }
               });
}

PackedTensor pack_fp8(const Tensor& values, const Storage&, DType dtype, Pool& pool, Category category) {
  const Shape& shape = values.shape();
  PackedTensor packed{.format = &fp8, .dtype = dtype, .shape = shape};
  const bool square = rows_of_group(shape) % kSide == 0 && shape.columns() % kSide == 0;
  packed.block = square ? std::array{kSide, kSide} : std::array{std::int64_t{1}, shape.columns()};
  packed.codes = Tensor(pool, category, DType::u8, shape);
  packed.scales = Tensor(pool, category, DType::f32, fp8_scales(shape, packed.block));
  if (pool.device() == Device::meta) return packed;
  values.dtype() == DType::bf16 ? pack_blocks<BFloat16>(values, packed) : pack_blocks<float>(values, packed);
  return packed;
}

}  // namespace

Shape fp8_scales(const Shape& shape, std::array<std::int64_t, 2> block) {
  const std::int64_t down = parts_of(rows_of_group(shape), block[0]), across = parts_of(shape.columns(), block[1]);
  return shape.rank() == 2 ? Shape{down, across} : Shape{shape[0], down, across};
}

constinit const PackedFormat fp8{.name = "fp8", .unpack = unpack_fp8, .pack = pack_fp8};

}  // namespace eft
