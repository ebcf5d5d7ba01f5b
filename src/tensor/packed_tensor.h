#pragma once

#include <array>
#include <string_view>

#include "tensor/tensor.h"

namespace eft {

struct PackedFormat;
struct PackedTensor;

/// How a weight shall be kept while it is frozen.
struct Storage {
  const PackedFormat* format = nullptr;  ///< none: its values as they are
  bool pack_scales = false;              ///< scales in codes of their own (bitsandbytes' double quantisation)
};

/// A way to keep a frozen weight as codes: one constant object each, in a file of its own in src/quant.
struct PackedFormat {
  std::string_view name;  ///< "nf4"
  /// Values [column, column + count) of a row on the host, as the format's rule gives them in f32. Rows are counted
  /// over all groups.
  void (*unpack)(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, float* to);
  /// Codes for `values` (on the host, f32 or bf16) in memory of a pool on the host; on a meta one only shapes. `dtype`:
  /// to round the values to. Throws DataError for what the format cannot hold. Null where eft only reads the format.
  PackedTensor (*pack)(const Tensor& values, const Storage& storage, DType dtype, Pool& pool, Category category);
};

/// A frozen weight that is kept as codes: a matrix [rows, columns], or one for each group. Its values are defined once:
/// what the format's rule gives in f32, rounded to `dtype`. Which companions there are and of which shape says the
/// format.
struct PackedTensor {
  const PackedFormat* format = nullptr;
  DType dtype = DType::f32;  ///< of the values: f32, bf16 or f16
  Shape shape{};             ///< of the values
  Tensor codes{};
  Tensor scales{};        ///< of blocks, rows or the whole
  Tensor outer_scales{};  ///< what scales are themselves multiples of
  Tensor book{};          ///< what the scales' codes stand for
  float offset = 0;       ///< added to each scale
  /// Rows and columns of the elements that share a scale; {1, n} where blocks of n run over the flat rows.
  std::array<std::int64_t, 2> block{1, 1};

  std::int64_t bytes() const;
};

/// `values` (on the host, floating) in a format that is not only read, in memory of any pool. See PackedFormat::pack.
PackedTensor pack(const Tensor& values, const Storage& storage, DType dtype, Pool& pool, Category category);

/// `packed` in memory of `pool`: itself where it lies there, else a copy.
PackedTensor to_pool(const PackedTensor& packed, Pool& pool, Category category);

}  // namespace eft
