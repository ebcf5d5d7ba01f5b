#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, dx: [tokens, columns]; y, dy: [rows, columns] of one dtype; rows ascend.
struct GatherRowsKernels {
  void (*forward)(Stream, ConstView x, std::span<const std::int32_t> rows, View y);
  /// dx[rows[i]] (+)= dy[i]; rows of dx that are not in the list become zero unless dx accumulates.
  void (*backward)(Stream, ConstView dy, std::span<const std::int32_t> rows, GradView dx);
};
inline constinit KernelSlot<GatherRowsKernels> gather_rows_kernels{"gather_rows"};

/// y[i] = x[rows[i]]. x: [tokens, …]; y: [rows, …]; rows strictly ascend. Gradient for x. Throws InternalError for rows
/// that are out of range or order.
Var gather_rows(Context& ctx, const Var& x, std::span<const std::int32_t> rows);

}  // namespace eft
