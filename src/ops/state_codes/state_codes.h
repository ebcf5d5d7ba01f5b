#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace eft {

/// Whose way of rounding between two values: bitsandbytes' kernels take the nearer one and never let a negative moment
/// become zero, torchao looks whether the rest is at least half of the gap.
enum class CodeRounding { bitsandbytes, torchao };

/// The values in [-1, 1] that one byte of an optimizer's state stands for, in ascending order: the dynamic map of
/// "8-bit Optimizers via Block-wise Quantization" (Dettmers et al., 2021), as bitsandbytes and torchao make it.
class StateCodes {
 public:
  static constexpr int kCount = 256;

  /// Of first moments (both signs) or second ones (none below zero).
  static const StateCodes& of(bool both_signs, CodeRounding rounding);

  float value(std::uint8_t code) const { return values_[code]; }
  /// The code of a value; what lies beyond the ends gets the nearest end.
  std::uint8_t code(float x) const {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const auto cell = static_cast<std::int32_t>((bits & 0x7fffffffU) >> kCellShift) - kFirstCell;
    const std::int32_t inside = cell < 0 ? 0 : cell < kCells ? cell : kCells - 1;
    const std::uint8_t below = floors_[(bits >> 31) * kCells + static_cast<std::uint32_t>(inside)];
    return static_cast<std::uint8_t>(below + (x >= bounds_[below] ? 1 : 0));
  }
  const std::array<float, kCount>& values() const { return values_; }
  /// The smallest value that gets code c + 1 instead of c; the last is infinite.
  const std::array<float, kCount>& bounds() const { return bounds_; }

 private:
  // Floats of one sign are cut by their leading bits into cells so small that at most one bound lies in each.
  static constexpr int kCellShift = 15;
  static constexpr std::int32_t kFirstCell = (127 - 24) << 8;            ///< all below 2^-24 is one cell
  static constexpr std::int32_t kCells = ((127 << 8) - kFirstCell) + 1;  ///< the last is of 1

  StateCodes(bool both_signs, CodeRounding rounding);
  void fill_cells();

  std::array<float, kCount> values_{};
  std::array<float, kCount> bounds_{};
  std::array<std::uint8_t, 2 * kCells> floors_{};  ///< the code of the smallest value of each cell
};

/// A moment of a parameter in codes. codes: u8, of the parameter's shape; scales: f32, one for each block of 256
/// elements, the last of which may be short. An element is the value of its code times the scale of its block.
struct CodedState {
  static constexpr std::int64_t kBlock = 256;

  View codes, scales;

  /// The least scale that each library keeps: torchao's is never zero.
  static float least_scale(CodeRounding rounding) { return rounding == CodeRounding::torchao ? 1e-12F : 0.0F; }
  static std::int64_t blocks(const Shape& shape) { return (shape.elements() + kBlock - 1) / kBlock; }
};

}  // namespace eft
