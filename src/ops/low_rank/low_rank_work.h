#pragma once

#include "ops/support/kernel_list.h"

namespace eft {

/// The work of `with_a` products of x [rows, in] with a factor [rank, in], or of as many operations, and of `with_b` of
/// inner [rows, rank] with a factor b [out, …].
KernelWork low_rank_work(const ConstView& x, const ConstView& a, const ConstView& b, const ConstView& inner,
                         double with_a, double with_b);

/// `term`, and a product [m, k]·[k, n] beside it.
KernelWork with_product(const KernelWork& term, std::int64_t m, std::int64_t n, std::int64_t k);

}  // namespace eft
