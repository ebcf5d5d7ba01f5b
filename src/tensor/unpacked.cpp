#include "tensor/unpacked.h"

#include "base/parallel.h"

namespace eft {

void unpack_all(const WeightView& weight, View to) {
  constexpr std::int64_t kRowsPerTask = 16;
  const std::int64_t columns = weight.shape.columns();
  dispatch(to.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(weight.shape.rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> row(static_cast<std::size_t>(columns));
      for (std::int64_t r = begin; r < end; ++r) {
        unpack(weight, r, 0, columns, row.data());
        T* const values = to.as<T>() + r * columns;
        for (std::int64_t c = 0; c < columns; ++c) values[c] = static_cast<T>(row[static_cast<std::size_t>(c)]);
      }
    });
  });
}

Tensor unpacked(const PackedTensor& packed, DType dtype, Pool& pool, Category category) {
  Tensor values(pool, category, dtype, packed.shape);
  if (pool.device() != Device::meta) unpack_all(packed, values.view());
  return values;
}

}  // namespace eft
