#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace eft {

/// Elements [at, at + count) of codes of which element 2j is in the high half of byte j, as book[code]·scale rounded to
/// `dtype`. book: 16 values.
void unpack_halves(const std::uint8_t* bytes, std::int64_t at, std::int64_t count, const float* book, float scale,
                   DType dtype, float* to);

}  // namespace eft
