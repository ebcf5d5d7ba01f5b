#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace eft::cpu {

/// to[i] = from[i] for `count` elements, on the calling thread.
void widen(const BFloat16* from, float* to, std::int64_t count);
/// The same, rounded to the nearest bf16.
void narrow(const float* from, BFloat16* to, std::int64_t count);

}  // namespace eft::cpu
