#include "ops/segment_sum/segment_sum.h"

#include <vector>

#include "ops/support/kernel_list.h"

namespace eft {

Var segment_sum(Context& ctx, const Var& x, std::span<const ElementRange> ranges, double scale) {
  expect(x.dtype() == DType::f64 && x.shape().rank() == 1, "a list of f64");
  std::int32_t end = 0;
  for (const ElementRange& range : ranges) {
    expect(end <= range.begin && range.begin <= range.end && range.end <= x.shape()[0], "ranges in order");
    end = range.end;
  }
  Tensor y = ctx.output(DType::f64, {static_cast<std::int64_t>(ranges.size())});
  if (const auto* kernels = segment_sum_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, x.view(), ranges, scale, y.view());
  }
  return ctx.result("segment_sum", y, {&x},
                    [target = Var(Tensor(), x.slot()), held = std::vector(ranges.begin(), ranges.end()), scale](
                        Context& inner, Tensor& dy) {
                      const GradView dx = target.grad_target(*inner.pool);
                      const auto* kernels = segment_sum_kernels.find(inner.device());
                      if (kernels != nullptr) kernels->backward(inner.stream, dy.const_view(), held, scale, dx);
                    });
}

Tensor spread_over_segments(Context& ctx, const Tensor& dsums, std::span<const ElementRange> ranges, double scale,
                            std::int64_t elements) {
  Tensor dx = ctx.workspace(DType::f64, {elements});
  if (const auto* kernels = segment_sum_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, dsums.const_view(), ranges, scale, {dx.view(), false});
  }
  return dx;
}

namespace {

const bool listed = list_kernels(segment_sum_kernels, timed<&SegmentSumKernels::forward>("forward"),
                                 timed<&SegmentSumKernels::backward>("backward"));

}  // namespace
}  // namespace eft
