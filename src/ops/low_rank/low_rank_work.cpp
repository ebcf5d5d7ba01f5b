#include "ops/low_rank/low_rank_work.h"

namespace eft {

KernelWork low_rank_work(const ConstView& x, const ConstView& a, const ConstView& b, const ConstView& inner,
                         double with_a, double with_b) {
  const double widths = with_a * static_cast<double>(x.shape.columns()) + with_b * static_cast<double>(b.shape[0]);
  return {.flops = 2 * static_cast<double>(inner.shape.elements()) * widths, .bf16 = both_bf16(x.dtype, a.dtype)};
}

KernelWork with_product(const KernelWork& term, std::int64_t m, std::int64_t n, std::int64_t k) {
  KernelWork both = product_work(m, n, k, term.bf16);
  both.flops += term.flops;
  return both;
}

}  // namespace eft
