#pragma once

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// The most rows of A that gemm_few_rows is good for.
inline constexpr std::int64_t kFewRows = 8;

/// gemm() for a few rows of A against a transposed B, each of A, B and C f32 or bf16: what decoding a token does. The
/// time is that of reading B, which is read once, as it is stored, codes included.
void gemm_few_rows(const GemmShape& shape, ConstView a, const WeightView& b, View c);

}  // namespace eft::cpu
