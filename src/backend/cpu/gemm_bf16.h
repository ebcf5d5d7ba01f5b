#pragma once

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// Whether this processor multiplies bf16 natively (AVX512_BF16 or AMX). Elsewhere oneDNN emulates it at a fifth of the
/// f32 rate, so gemm_packed() multiplies in f32 instead.
bool has_native_bf16();

/// gemm() for two bf16 operands through oneDNN's matmul primitive; primitives are cached by shape.
void gemm_bf16_native(const GemmShape& shape, ConstView a, ConstView b, View c);

}  // namespace eft::cpu
