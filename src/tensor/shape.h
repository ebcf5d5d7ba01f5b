#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace eft {

/// Extents of a tensor, outermost first, at most five, kept inline.
class Shape {
 public:
  static constexpr int kMaxRank = 5;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : Shape(std::span(extents.begin(), extents.size())) {}
  explicit Shape(std::span<const std::int64_t> extents);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }
  /// Product of all extents; 1 for a scalar.
  std::int64_t elements() const;
  /// The last extent (1 for a scalar) and the product of all others: how row-wise kernels see any tensor.
  std::int64_t columns() const { return rank_ == 0 ? 1 : (*this)[-1]; }
  std::int64_t rows() const { return columns() == 0 ? 0 : elements() / columns(); }
  std::span<const std::int64_t> extents() const { return {extents_.data(), static_cast<std::size_t>(rank_)}; }

  bool operator==(const Shape& other) const;

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

/// "[2, 3]".
std::string to_string(const Shape& shape);

}  // namespace eft
