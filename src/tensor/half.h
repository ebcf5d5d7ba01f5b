#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace eft {

inline constexpr float kLargestHalf = 65504;

/// The nearest f16, ties to even; infinite from 65520 on.
inline float rounded_to_half(float x) {
  const float size = std::fabs(x);
  if (size < 0x1p-14F) return std::copysign((size + 0.75F) - 0.75F, x);  // multiples of 2^-24, the last place of 0.75
  if (!(size < 65520.0F)) return std::isnan(x) ? x : std::copysign(std::numeric_limits<float>::infinity(), x);
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 0xfffU + ((bits >> 13) & 1U)) & ~std::uint32_t{0x1fff});
}

}  // namespace eft
