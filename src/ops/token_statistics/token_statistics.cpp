#include "ops/token_statistics/token_statistics.h"

#include "ops/support/kernel_list.h"

namespace eft {

Tensor sum_statistics(const Context& ctx, const Tensor& statistics, std::span<const ElementRange> ranges) {
  Tensor sums = ctx.workspace(DType::f64, {static_cast<std::int64_t>(ranges.size()), kTokenStatistics});
  if (const auto* kernels = token_statistic_kernels.find(ctx.device())) {
    kernels->sum(ctx.stream, statistics.const_view(), ranges, sums.view());
  }
  return sums;
}

namespace {

const bool listed =
    list_kernels(token_statistic_kernels, timed<&TokenStatisticKernels::take>("take"),
                 timed<&TokenStatisticKernels::finish>("finish"), timed<&TokenStatisticKernels::sum>("sum"));

}  // namespace
}  // namespace eft
