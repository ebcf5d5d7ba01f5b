#pragma once

#include <array>

#include "tensor/packed_tensor.h"

namespace eft {

// The 4-bit formats of bitsandbytes: blocks of values run over the flat rows and may cross them; a block has one scale,
// its largest size, and each value the nearest of 16 codes times that. Element 2j is in the high half of byte j.
//   codes: [⌈n/2⌉]; scales: f32 [blocks], or where they are codes themselves u8 [blocks] with outer_scales
//   [⌈blocks/256⌉], book [256] and offset: scale = book[code]·outer + offset. block: {1, values of a block}.
// Source: bitsandbytes, quantize_4bit and dequantize_4bit.

/// Codes spaced as the quantiles of a normal distribution.
extern const PackedFormat nf4;
/// Sign, two bits of exponent, one of mantissa.
extern const PackedFormat fp4;

inline constexpr std::int64_t kBnbBlock = 64;        ///< values of a block, where we choose
inline constexpr std::int64_t kBnbScaleBlock = 256;  ///< scales that share an outer scale

/// What the 16 codes of `format`, nf4 or fp4, stand for.
const std::array<float, 16>& code_book(const PackedFormat& format);

/// What the codes of scales stand for: ascending, in [-1, 1], with more digits the larger (bitsandbytes' signed dynamic
/// map).
const std::array<float, 256>& scale_book();

}  // namespace eft
