#include "backend/cpu/gemm_sum.h"

#include <algorithm>
#include <vector>

#include "backend/cpu/convert.h"
#include "backend/cpu/rows.h"
#include "base/parallel.h"

namespace eft::cpu {
namespace {

constexpr std::int64_t kElementsPerTask = 1 << 16;

void widen_all(ConstView from, View to) {
  parallel_for(to.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
    widen(from.as<BFloat16>() + begin, to.as<float>() + begin, end - begin);
  });
}

void narrow_all(ConstView from, View to) {
  parallel_for(to.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
    narrow(from.as<float>() + begin, to.as<BFloat16>() + begin, end - begin);
  });
}

/// Rows [begin, begin + shape.m) of the term's product go into `sum`.
void multiply(GemmShape shape, const GemmTerm& term, std::int64_t begin, bool accumulate, View sum) {
  shape.k = term.k;
  shape.accumulate = accumulate;
  gemm(shape, part_of(term.a, begin * term.k, shape.m, term.k), term.b, sum);
}

}  // namespace

void gemm_sum(const GemmShape& shape, const GemmTerm& one, const GemmTerm& other, View c, std::int64_t elements) {
  const std::int64_t rows = std::clamp<std::int64_t>(elements / shape.n, 1, shape.m);
  std::vector<float> sums(static_cast<std::size_t>(rows * shape.n));
  for (std::int64_t begin = 0; begin < shape.m; begin += rows) {
    GemmShape block = shape;
    block.m = std::min(rows, shape.m - begin);
    const View sum{sums.data(), DType::f32, {block.m, shape.n}};
    const View result = part_of(c, begin * shape.n, block.m, shape.n);
    if (shape.accumulate) widen_all(result, sum);
    multiply(block, one, begin, shape.accumulate, sum);
    multiply(block, other, begin, true, sum);
    narrow_all(sum, result);
  }
}

}  // namespace eft::cpu
