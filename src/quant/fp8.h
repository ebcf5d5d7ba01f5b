#pragma once

#include "tensor/packed_tensor.h"

namespace eft {

/// E4M3 codes with f32 scales of blocks of rows and columns (128×128; {1, columns}: of a row; {1, 32}: of a run; all
/// rows: of a matrix): value = code·scale. Blocks at the edges may be smaller, and none reaches into the next group.
///   codes: of the values' shape; scales: f32 [groups, ⌈rows/block⌉, ⌈columns/block⌉].
/// Packing takes scale = 1/((1/max|block|)·448) of blocks of 128×128, or of rows where the sides are no multiples.
/// Source: Transformers, integrations/finegrained_fp8.py.
extern const PackedFormat fp8;

/// Shape of the scales for values of `shape`.
Shape fp8_scales(const Shape& shape, std::array<std::int64_t, 2> block);

}  // namespace eft
