#include "backend/cpu/grouped_gemm.h"

#include <cstring>
#include <functional>

#include "backend/cpu/gemm_bf16.h"
#include "backend/cpu/rows.h"
#include "base/parallel.h"

namespace eft::cpu {
namespace {

/// From this many groups with rows on, each is one thread's work: no waiting for each other after every small product.
/// Fewer share all threads one after the other. Fixed, so that results do not depend on threads.
constexpr std::int64_t kGroupsSideBySide = 8;

/// Native bf16 products go through one stream, where groups would only queue.
bool side_by_side(const Groups& groups, DType a, DType b) {
  if (has_native_bf16() && a == DType::bf16 && b == DType::bf16) return false;
  std::int64_t filled = 0;
  for (std::int64_t g = 0; g < groups.count; ++g) filled += groups.offsets[g + 1] > groups.offsets[g] ? 1 : 0;
  return filled >= kGroupsSideBySide;
}

void for_each_group(const Groups& groups, bool parallel, const std::function<void(std::int64_t)>& body) {
  parallel_for(groups.count, parallel ? 1 : groups.count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t g = begin; g < end; ++g) body(g);
  });
}

}  // namespace

void grouped_gemm(const Groups& groups, ConstView x, const WeightView& weight, bool transposed, View y,
                  bool accumulate) {
  for_each_group(groups, side_by_side(groups, x.dtype, weight.dtype), [&](std::int64_t g) {
    const std::int64_t begin = groups.offsets[g], end = groups.offsets[g + 1];
    if (begin == end) return;
    const GemmShape shape{
        .m = end - begin, .n = y.shape[1], .k = x.shape[1], .transpose_b = !transposed, .accumulate = accumulate};
    gemm(shape, rows_of(x, begin, end), weight.group(g), rows_of(y, begin, end));
  });
}

void grouped_gemm_weight(const Groups& groups, ConstView dy, ConstView x, View dweight, bool accumulate) {
  for_each_group(groups, side_by_side(groups, dy.dtype, x.dtype), [&](std::int64_t g) {
    const std::int64_t begin = groups.offsets[g], end = groups.offsets[g + 1];
    const View own = part_of(dweight, g * dweight.shape[1] * dweight.shape[2], dweight.shape[1], dweight.shape[2]);
    if (begin == end) {
      if (!accumulate) std::memset(own.data, 0, static_cast<std::size_t>(own.shape.elements()) * size_of(own.dtype));
      return;
    }
    const GemmShape shape{
        .m = dweight.shape[1], .n = dweight.shape[2], .k = end - begin, .transpose_a = true, .accumulate = accumulate};
    gemm(shape, rows_of(dy, begin, end), rows_of(x, begin, end), own);
  });
}

}  // namespace eft::cpu
