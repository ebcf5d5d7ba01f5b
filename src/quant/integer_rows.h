#pragma once

#include "tensor/packed_tensor.h"

namespace eft {

// Integers with f32 scales of rows, or of equal parts of them: value = code·scale. Codes of 4 and 2 bits are kept
// without a sign, 8 or 2 above their value, the first element in the lowest bits of a byte; rows begin with a byte.
//   codes: [rows, ⌈columns·bits/8⌉]; scales: f32 [rows, parts]; block: {1, columns of a part}.
// Source: Transformers, integrations/gemma_quant.py.

extern const PackedFormat integer8;
extern const PackedFormat integer4;
extern const PackedFormat integer2;

}  // namespace eft
