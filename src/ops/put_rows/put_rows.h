#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: [tokens, …]; rows, drows: [count, …], those of x from `begin` on.
struct PutRowsKernels {
  /// Copies `rows` over those of y.
  void (*forward)(Stream, ConstView rows, std::int64_t begin, View y);
  /// drows = the rows of dy.
  void (*backward)(Stream, ConstView dy, std::int64_t begin, GradView drows);
  /// Sets the rows of dy to zero.
  void (*clear)(Stream, std::int64_t begin, std::int64_t count, View dy);
};
inline constinit KernelSlot<PutRowsKernels> put_rows_kernels{"put_rows"};

/// x with `rows` in the place of those from `begin` on, written into x's own storage, which nobody else may read
/// afterwards: what a tower makes of an image, among the embeddings of a text. Gradients for x (zero where rows went)
/// and rows. Throws InternalError for rows of another width or dtype, or beyond the end.
Var put_rows(Context& ctx, Var x, const Var& rows, std::int64_t begin);

}  // namespace eft
