// What the attention kernels on the CPU share. Included once per target.
#if defined(EFT_OPS_ATTENTION_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_OPS_ATTENTION_ROWS_INL_H_
#undef EFT_OPS_ATTENTION_ROWS_INL_H_
#else
#define EFT_OPS_ATTENTION_ROWS_INL_H_
#endif

#include <algorithm>
#include <span>

#include "backend/cpu/convert.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"
#include "ops/attention/attention_blocks.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using cpu::Block;

/// Weights below this count as none. They change no sum, and products with denormal numbers are many times as slow.
constexpr double kLeastWeight = 1e-30;

/// exp(score), or 0 for less than kLeastWeight. Exp itself makes 0 of NaN; a broken score has to reach the result.
template <class D, class V>
HWY_INLINE V exp_or_none(D d, V score) {
  const V weight = hn::MulAdd(score, hn::Zero(d), hn::Exp(d, score));
  return hn::IfThenZeroElse(hn::Lt(weight, hn::Set(d, static_cast<hn::TFromD<D>>(kLeastWeight))), weight);
}

/// Clears what row i of a block's scores may not see and returns the part it may.
template <class A>
std::span<A> visible_scores(const QueryBlock& block, std::int64_t i, Block<A> scores) {
  A* const row = scores.data + i * scores.stride;
  const KeyRange seen = block.seen(i);
  std::fill(row, row + seen.begin, A(0));
  std::fill(row + seen.end, row + block.key_count, A(0));
  return {row + seen.begin, row + seen.end};
}

/// The operands of one call in the accumulator's type, whose rows lie `heads·head_dim` apart.
template <class A>
struct Operands {
  AttentionExtents extents;
  const A *q, *k, *v, *dout;

  Block<const A> query(std::int64_t t, std::int64_t h) const {
    return {extents.at_query(q, t, h), extents.query_stride()};
  }
  Block<const A> dresult(std::int64_t t, std::int64_t h) const {
    return {extents.at_query(dout, t, h), extents.query_stride()};
  }
  Block<const A> key(std::int64_t t, std::int64_t h) const { return {extents.at_key(k, t, h), extents.key_stride()}; }
  Block<const A> value(std::int64_t t, std::int64_t h) const { return {extents.at_key(v, t, h), extents.key_stride()}; }
};

/// Copies rows of head_dim from dense `from` to strided `to`, converting.
template <class A, class T>
void put_rows(std::int64_t rows, std::int64_t head_dim, const A* from, Block<T> to, bool accumulate) {
  const hn::ScalableTag<A> d;
  for (std::int64_t i = 0; i < rows; ++i) {
    for_each_vector(d, head_dim, [&](std::int64_t j, std::size_t n) {
      put_n(d, load_n(d, from + i * head_dim + j, n), to.data + i * to.stride + j, n, accumulate);
    });
  }
}

/// A view in the accumulator's type: the tensor itself, or a widened copy at `space`, which moves on.
template <class T>
const Accumulator<T>* widened(ConstView x, Accumulator<T>*& space) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    float* copy = space;
    const std::int64_t count = x.shape.elements();
    space += count;
    parallel_for(count, 1 << 15, [&](std::int64_t begin, std::int64_t end) {
      cpu::widen(x.as<BFloat16>() + begin, copy + begin, end - begin);
    });
    return copy;
  } else {
    return x.as<T>();
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
