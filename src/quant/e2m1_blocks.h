#pragma once

#include "tensor/packed_tensor.h"

namespace eft {

// Formats of E2M1 codes in short runs along a row, with a scale each. Element 2j is in the low half of byte j, and rows
// are multiples of a run.

/// Runs of 32 with a power of two: value = code·2^(scale − 127). codes: [rows, columns/2]; scales: u8 (E8M0)
/// [rows, columns/32]. Source: OCP Microscaling Formats 1.0. Packing takes per run that power of two, of the smallest
/// that does not overflow and the one below, which errs less.
extern const PackedFormat mxfp4;

/// Runs of 16 with E4M3 scales and a common f32 scale of equal parts of the rows: value = code·(scale·outer), the
/// scales multiplied first. codes: [rows, columns/2]; scales: u8 [rows, columns/16]; outer_scales: f32 [parts].
/// Packing: outer = max|values|/(448·6) of each group. Source: torchao, prototype/mx_formats/nvfp4_tensor.py.
extern const PackedFormat nvfp4;

/// The same with code·(scale/outer), as compressed-tensors has it.
extern const PackedFormat nvfp4_divided;

inline constexpr std::int64_t kMxRun = 32;
inline constexpr std::int64_t kNvRun = 16;

}  // namespace eft
