#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// Which elements of a matrix are not zero: those of row r stand in columns [starts[r], starts[r + 1]), ascending.
struct Pattern {
  std::vector<std::int64_t> starts;
  std::vector<std::int32_t> columns;

  std::span<const std::int32_t> row(std::int64_t r) const {
    const auto first = static_cast<std::size_t>(starts[static_cast<std::size_t>(r)]);
    const auto last = static_cast<std::size_t>(starts[static_cast<std::size_t>(r) + 1]);
    return std::span(columns).subspan(first, last - first);
  }
};

/// The pattern of a matrix in bf16 or f32.
Pattern pattern_of(ConstView matrix);

/// gemm() that reads A nowhere but in the pattern; operands in bf16 or f32, A not transposed.
void gemm_from_pattern(const Pattern& of_a, const GemmShape& shape, ConstView a, ConstView b, View c);

/// Those elements of gemm()'s C that are in the pattern; the others become zero, or stay when it accumulates. Operands
/// in bf16 or f32, A not transposed.
void gemm_to_pattern(const Pattern& of_c, const GemmShape& shape, ConstView a, ConstView b, View c);

}  // namespace eft::cpu
