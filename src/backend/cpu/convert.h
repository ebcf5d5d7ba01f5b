#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace eft::cpu {

/// to[i] = from[i] for `count` elements, on the calling thread.
void widen(const BFloat16* from, float* to, std::int64_t count);
/// to[i] = from[i] rounded to nearest even, or to[i] + from[i] when `accumulate`, on the calling thread.
void narrow(const float* from, BFloat16* to, std::int64_t count, bool accumulate = false);

}  // namespace eft::cpu
