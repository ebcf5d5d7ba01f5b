#include "tensor/shape.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "tensor/dtype.h"

namespace eft {

Shape::Shape(std::span<const std::int64_t> extents) : rank_(static_cast<int>(extents.size())) {
  expect(rank_ <= kMaxRank, "a rank of at most five");
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t extent : extents()) product *= extent;
  return product;
}

bool Shape::operator==(const Shape& other) const {
  return std::ranges::equal(extents(), other.extents());
}

std::string to_string(const Shape& shape) { return fmt::format("{}", shape.extents()); }

std::string_view name_of(DType dtype) {
  constexpr std::string_view kNames[] = {"f64", "f32", "bf16", "f16", "i64", "i32", "u8"};
  return kNames[static_cast<int>(dtype)];
}

}  // namespace eft
