#pragma once

#include <cstdint>

#include "backend/cpu/gemm.h"

namespace eft::cpu {

/// Rows [offsets[g], offsets[g + 1]) belong to group g.
struct Groups {
  const std::int32_t* offsets;
  std::int64_t count;
};

/// For each group with rows, its rows of y = its rows of x · weight[g]ᵀ, or += … when `accumulate`; with `transposed`
/// the weight is not: y = x · weight[g]. x: [rows, k]; weight: [groups, n, k], or [groups, k, n] when transposed;
/// y: [rows, n]. dtypes as in gemm.
void grouped_gemm(const Groups& groups, ConstView x, const WeightView& weight, bool transposed, View y,
                  bool accumulate);

/// dweight[g] = (rows g of dy)ᵀ · (rows g of x), or += … when `accumulate`; zero for groups without rows. dy: [rows,
/// n]; x: [rows, k]; dweight: [groups, n, k].
void grouped_gemm_weight(const Groups& groups, ConstView dy, ConstView x, View dweight, bool accumulate);

}  // namespace eft::cpu
