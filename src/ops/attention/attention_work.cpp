#include "ops/attention/attention.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

/// Pairs of a query and a key that it sees.
double visible_pairs(const AttentionOptions& options, std::span<const AttentionSegment> segments) {
  double pairs = 0;
  for (const AttentionSegment& segment : segments) {
    for (std::int64_t query = 0; query < segment.query_count; ++query) {
      const KeyRange seen = visible_keys(segment, options.window, query);
      pairs += static_cast<double>(seen.end - seen.begin);
    }
  }
  return pairs;
}

KernelWork attention_work(double pairs, ConstView q, ConstView k, double products_per_pair) {
  return {.flops = 2 * products_per_pair * pairs * static_cast<double>(q.shape[1]) * static_cast<double>(q.shape[2]),
          .bf16 = both_bf16(q.dtype, k.dtype)};
}

KernelWork forward_work(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
                        ConstView k, ConstView, View, View, View) {
  return attention_work(visible_pairs(options, segments), q, k, 2);
}

KernelWork backward_work(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
                         ConstView k, ConstView, ConstView, ConstView, ConstView, GradView, GradView, GradView, View) {
  return attention_work(visible_pairs(options, segments), q, k, 5);
}

const bool listed = list_kernels(attention_kernels, untimed<&AttentionKernels::workspace_bytes>,
                                 timed<&AttentionKernels::forward>("forward", forward_work),
                                 timed<&AttentionKernels::backward>("backward", backward_work));

}  // namespace
}  // namespace eft
