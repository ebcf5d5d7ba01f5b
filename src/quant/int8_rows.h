#pragma once

#include "tensor/packed_tensor.h"

namespace eft {

/// One signed byte a value and one scale a row, as bitsandbytes holds the weights of LLM.int8(): values are rounded to
/// f16 first; scale = max|row|; code = rint(value·(127/scale)), ties to even; value = code·scale·(1/127), each product
/// rounded to f32. codes: of the values' shape; scales: f32 [rows]. A row of zeros has scale 0.
/// Source: bitsandbytes, int8_vectorwise_quant and int8_vectorwise_dequant.
extern const PackedFormat int8_rows;

/// 1/127, as the values' second factor.
inline constexpr float kInt8Step = 0.007874015718698502F;

}  // namespace eft
