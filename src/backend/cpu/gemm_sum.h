#pragma once

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// Of a sum in f32 before it is rounded: 16 MiB, and yet enough rows to multiply well.
constexpr std::int64_t kSumElements = 1 << 22;

/// gemm() of two terms for a bf16 result, by two products one after the other: into f32, as many rows at a time as have
/// `elements`, and rounded once. A is not transposed.
void gemm_sum(const GemmShape& shape, const GemmTerm& one, const GemmTerm& other, View c,
              std::int64_t elements = kSumElements);

}  // namespace eft::cpu
