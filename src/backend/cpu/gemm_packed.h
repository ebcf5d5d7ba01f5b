#pragma once

#include <span>

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// gemm() of the sum of `terms`, whose depths stand there, for operands each bf16 or f32 and a result in either,
/// multiplied in f32: tiles of both are packed so that the innermost loop reads the first cache only, and bf16 is
/// widened on the way.
void gemm_packed(const GemmShape& shape, std::span<const GemmTerm> terms, View c);

}  // namespace eft::cpu
