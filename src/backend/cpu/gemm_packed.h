#pragma once

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// gemm() for operands each bf16 or f32 and a result in either, multiplied in f32: tiles of both are packed so that the
/// innermost loop reads the first cache only, and bf16 is widened on the way.
void gemm_packed(const GemmShape& shape, ConstView a, ConstView b, View c);

}  // namespace eft::cpu
