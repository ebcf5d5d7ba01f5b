#pragma once

#include <cstdint>
#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// Elements [begin, end) of a list.
struct ElementRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;

  std::int32_t size() const { return end - begin; }
};

/// x: [elements]; y: [ranges]; all in f64.
struct SegmentSumKernels {
  /// y[s] = scale·Σ x[ranges[s]].
  void (*forward)(Stream, ConstView x, std::span<const ElementRange> ranges, double scale, View y);
  /// dx[i] (+)= scale·dy[s] for the elements i of ranges[s], and zero for those of none.
  void (*backward)(Stream, ConstView dy, std::span<const ElementRange> ranges, double scale, GradView dx);
};
inline constinit KernelSlot<SegmentSumKernels> segment_sum_kernels{"segment_sum"};

/// y[s] = scale·Σ x[ranges[s]], as the log-probability of a sequence is made of its tokens'. x: f64 [elements]; the
/// ranges ascend and do not meet. Gradient for x. Throws InternalError for others.
Var segment_sum(Context& ctx, const Var& x, std::span<const ElementRange> ranges, double scale = 1);

/// What every element of `elements` gets as its gradient when the sums get `dsums`; f64.
Tensor spread_over_segments(Context& ctx, const Tensor& dsums, std::span<const ElementRange> ranges, double scale,
                            std::int64_t elements);

}  // namespace eft
