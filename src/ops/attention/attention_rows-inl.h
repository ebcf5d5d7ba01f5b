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
#include "backend/cpu/exp-inl.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"
#include "ops/attention/attention_blocks.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using cpu::Block;

/// Clears what row i of the scores of a block and `group` heads may not see and returns the part it may.
template <class A>
std::span<A> visible_scores(const QueryBlock& block, std::int64_t group, std::int64_t i, Block<A> scores) {
  A* const row = scores.data + i * scores.stride;
  const KeyRange seen = block.seen(i / group);
  std::fill(row, row + seen.begin, A(0));
  std::fill(row + seen.end, row + block.key_count, A(0));
  return {row + seen.begin, row + seen.end};
}

/// The operands of one call in the accumulator's type. The rows of q and dout that share the keys of group g from query
/// t on are one block: `group` heads of a query behind each other.
template <class A>
struct Operands {
  AttentionExtents extents;
  const A *q, *k, *v, *dout;

  Block<const A> query(std::int64_t t, std::int64_t g) const { return rows_of(q, t, g); }
  Block<const A> dresult(std::int64_t t, std::int64_t g) const { return rows_of(dout, t, g); }
  Block<const A> key(std::int64_t t, std::int64_t h) const { return {extents.at_key(k, t, h), extents.key_stride()}; }
  Block<const A> value(std::int64_t t, std::int64_t h) const { return {extents.at_key(v, t, h), extents.key_stride()}; }

 private:
  Block<const A> rows_of(const A* data, std::int64_t t, std::int64_t g) const {
    const AttentionExtents& e = extents;
    if (e.uneven()) return {data + (g * e.queries + t) * e.group() * e.head_dim, e.head_dim};
    return {e.at_query(data, t, g * e.group()), e.kv_heads > 1 ? e.query_stride() : e.head_dim};
  }
};

/// Copies rows of `width` from dense `from` to strided `to`, converting.
template <class A, class T>
void put_rows(std::int64_t rows, std::int64_t width, const A* from, Block<T> to, bool accumulate) {
  const hn::ScalableTag<A> d;
  for (std::int64_t i = 0; i < rows; ++i) {
    for_each_vector(d, width, [&](std::int64_t j, std::size_t n) {
      put_n(d, load_n(d, from + i * width + j, n), to.data + i * to.stride + j, n, accumulate);
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

/// Queries, or the gradients of their results, as Operands wants them: like widened(), but where the rows of a group
/// lie unevenly a copy [kv_heads, queries, group, head_dim].
template <class T>
const Accumulator<T>* even_queries(const AttentionExtents& e, ConstView x, Accumulator<T>*& space) {
  using A = Accumulator<T>;
  if (!e.uneven()) return widened<T>(x, space);
  const hn::ScalableTag<A> d;
  A* const copy = space;
  space += x.shape.elements();
  const std::int64_t width = e.group() * e.head_dim;
  parallel_for(e.queries, std::max<std::int64_t>(1, (1 << 15) / e.query_stride()),
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin * e.kv_heads; i < end * e.kv_heads; ++i) {
                   const std::int64_t t = i / e.kv_heads, g = i % e.kv_heads;
                   const T* const from = x.as<T>() + i * width;
                   A* const to = copy + (g * e.queries + t) * width;
                   for_each_vector(
                       d, width, [&](std::int64_t j, std::size_t n) { store_n(d, load_n(d, from + j, n), to + j, n); });
                 }
               });
  return copy;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
