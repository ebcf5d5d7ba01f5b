#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// How means of squares move: mean ← β·mean + (1 − β)·(square + ε).
struct FactoredStep {
  double beta;
  double epsilon;
  double scale = 1;  ///< multiplies x first (clipping)
};

/// A moment of squares of matrices, kept as the means of their rows and of their columns (Shazeer and Stern, 2018).
/// x, y, to: [..., n, m], matrices one behind the other, f32 or f64; rows: [..., n]; columns: [..., m]. A vector is a
/// matrix of one row, whose columns are its squares.
struct FactoredKernels {
  /// Moves the means by (x·scale − y)²; y may be absent.
  void (*add)(Stream, const FactoredStep&, ConstView x, ConstView y, View rows, View columns);
  /// to = x·scale / √(rows·columnsᵀ / mean(rows)) of each matrix; x and to may be one.
  void (*precondition)(Stream, ConstView x, double scale, ConstView rows, ConstView columns, View to);
  /// x ← x / max(1, rms(x) / threshold), over all of x.
  void (*clip)(Stream, View x, double threshold);
  /// y ← β·y + (1 − β)·x.
  void (*average)(Stream, double beta, ConstView x, View y);
};
inline constinit KernelSlot<FactoredKernels> factored_kernels{"factored"};

/// How a tensor lies as matrices: all axes but the last two count them.
struct FactoredShape {
  std::int64_t matrices, rows, columns;

  explicit FactoredShape(const Shape& shape)
      : matrices(1), rows(shape.rank() > 1 ? shape[shape.rank() - 2] : 1), columns(shape[shape.rank() - 1]) {
    for (int axis = 0; axis + 2 < shape.rank(); ++axis) matrices *= shape[axis];
  }
};

}  // namespace eft
