#pragma once

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// Whether this processor multiplies bf16 natively (AVX512_BF16 or AMX). Elsewhere oneDNN emulates it at a fifth of the
/// f32 rate, so panels are widened and multiplied in f32 instead.
bool has_native_bf16();

/// gemm() for two bf16 operands through oneDNN's matmul primitive; primitives are cached by shape.
void gemm_bf16_native(const GemmShape& shape, ConstView a, ConstView b, View c);

/// gemm() for operands each bf16 or f32 and a result in either: bf16 panels that fit the cache are widened to f32.
void gemm_widened(const GemmShape& shape, ConstView a, ConstView b, View c);

}  // namespace eft::cpu
