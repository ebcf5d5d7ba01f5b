#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace eft {

/// E4M3 without infinity (float8_e4m3fn): bias 7, largest 448; 0x7f and 0xff are not numbers.
constexpr float e4m3_value(std::uint8_t code) {
  const int exponent = code >> 3 & 15, mantissa = code & 7;
  float value = 0;
  if ((code & 0x7f) == 0x7f) {
    value = std::bit_cast<float>(0x7fc00000U);
  } else if (exponent == 0) {
    value = static_cast<float>(mantissa) * 0x1p-9F;
  } else {
    value = std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 120) << 23 | static_cast<std::uint32_t>(mantissa)
                                                                                        << 20);
  }
  return (code & 0x80) != 0 ? -value : value;
}

/// The nearest code, ties to even; beyond ±448 the largest.
inline std::uint8_t e4m3_code(float value) {
  const std::uint8_t sign = std::signbit(value) ? 0x80 : 0;
  const float size = std::fmin(std::fabs(value), 448.0F);
  if (size < 0x1p-6F) return static_cast<std::uint8_t>(sign | static_cast<int>(std::nearbyint(size * 512.0F)));
  const auto bits = std::bit_cast<std::uint32_t>(size);
  const std::uint32_t rounded = bits + 0x7ffffU + (bits >> 20 & 1U);
  return static_cast<std::uint8_t>(sign | ((rounded >> 20) - (120U << 3)));
}

inline constexpr auto kE4m3Values = [] {
  std::array<float, 256> values{};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = e4m3_value(static_cast<std::uint8_t>(i));
  return values;
}();

/// A power of two in a byte (E8M0); 255 is not a number.
inline float e8m0_value(std::uint8_t code) {
  if (code == 255) return std::bit_cast<float>(0x7fc00000U);
  return code == 0 ? 0x1p-127F : std::bit_cast<float>(static_cast<std::uint32_t>(code) << 23);
}

/// E2M1: sign, two bits of exponent, one of mantissa.
inline constexpr std::array<float, 16> kE2m1Values = {0.0F,  0.5F,  1.0F,  1.5F,  2.0F,  3.0F,  4.0F,  6.0F,
                                                      -0.0F, -0.5F, -1.0F, -1.5F, -2.0F, -3.0F, -4.0F, -6.0F};

/// The nearest code, ties to the even one; beyond ±6 the largest.
inline std::uint8_t e2m1_code(float value) {
  constexpr float kMiddles[] = {0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F};
  const float size = std::fabs(value);
  std::uint8_t code = 0;
  for (std::uint8_t i = 0; i < 7; ++i) {
    if (size > kMiddles[i] || (size == kMiddles[i] && i % 2 == 1)) code = static_cast<std::uint8_t>(i + 1);
  }
  return static_cast<std::uint8_t>(code | (std::signbit(value) ? 8 : 0));
}

}  // namespace eft
