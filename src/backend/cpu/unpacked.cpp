#include "backend/cpu/unpacked.h"

#include "base/parallel.h"

namespace eft::cpu {
namespace {

constexpr std::int64_t kRowsPerTask = 16;

}  // namespace

Unpacked::Unpacked(const WeightView& weight, DType dtype) : view_(weight.data) {
  if (weight.packed == nullptr) return;
  const std::int64_t columns = weight.shape.columns();
  bytes_.resize(static_cast<std::size_t>(weight.shape.elements()) * size_of(dtype));
  view_ = {bytes_.data(), dtype, weight.shape};
  dispatch(dtype, [&](auto tag) {
    using T = decltype(tag);
    T* const to = reinterpret_cast<T*>(bytes_.data());
    parallel_for(weight.shape.rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> row(static_cast<std::size_t>(columns));
      for (std::int64_t r = begin; r < end; ++r) {
        unpack(weight, r, 0, columns, row.data());
        for (std::int64_t c = 0; c < columns; ++c)
          to[r * columns + c] = static_cast<T>(row[static_cast<std::size_t>(c)]);
      }
    });
  });
}

}  // namespace eft::cpu
