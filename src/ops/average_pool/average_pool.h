#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// The cells of a square grid of `side`·`side` rows: `size`·`size` neighbours each.
struct PoolShape {
  std::int64_t side;
  std::int64_t size;

  std::int64_t cells() const { return side / size; }  ///< along one side
};

/// x, dx: [side², columns]; y, dy: [cells², columns].
struct AveragePoolKernels {
  void (*forward)(Stream, PoolShape, ConstView x, View y);
  void (*backward)(Stream, PoolShape, ConstView dy, GradView dx);
};
inline constinit KernelSlot<AveragePoolKernels> average_pool_kernels{"average_pool"};

/// The mean of each `size` × `size` cell of a square picture whose rows are its pixels, row by row (channels last), in
/// f32 (f64 for f64). x: [side², columns] to [(side/size)², columns]. Gradient for x. Throws InternalError for another
/// number of rows, or a side that is no multiple of `size`.
Var average_pool(Context& ctx, const Var& x, PoolShape shape);

}  // namespace eft
