#include "ops/attention/attention_few.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/attention_few_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/exp-inl.h"
#include "base/parallel.h"
#include "ops/attention/attention_blocks.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// One query head and the keys and values it sees, whose rows lie `stride` apart.
template <class T>
struct Head {
  const T* query;
  const T* keys;
  const T* values;
  std::int64_t count, stride, head_dim;
};

/// scores[j] = scale · query·key j; returns the largest.
template <class T, class A>
A score(const Head<T>& head, A scale, A* scores) {
  const Tag<T> d;
  A largest = -std::numeric_limits<A>::infinity();
  for (std::int64_t j = 0; j < head.count; ++j) {
    auto sum = hn::Zero(d);
    for_each_vector(d, head.head_dim, [&](std::int64_t i, std::size_t n) {
      sum = hn::MulAdd(load_n(d, head.query + i, n), load_n(d, head.keys + j * head.stride + i, n), sum);
    });
    scores[j] = scale * hn::GetLane(hn::SumOfLanes(d, sum));
    largest = std::max(largest, scores[j]);
  }
  return largest;
}

/// scores → exp(scores − largest); returns their sum.
template <class A>
A exponentials(std::int64_t count, A largest, A* scores) {
  const hn::ScalableTag<A> d;
  const auto top = hn::Set(d, largest);
  auto sum = hn::Zero(d);
  for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
    const auto e = exp_or_none(d, hn::Sub(load_n(d, scores + j, n), top));
    sum = hn::Add(sum, n == hn::Lanes(d) ? e : hn::IfThenElseZero(hn::FirstN(d, n), e));
    store_n(d, e, scores + j, n);
  });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

/// out = Σ_j weights[j]·value j / total, in pieces of head_dim that stay in registers.
template <class T, class A>
void mix(const Head<T>& head, const A* weights, A total, T* out) {
  const Tag<T> d;
  const auto share = hn::Set(d, A(1) / total);
  for_each_vector(d, head.head_dim, [&](std::int64_t i, std::size_t n) {
    auto even = hn::Zero(d), odd = hn::Zero(d);
    std::int64_t j = 0;
    for (; j + 2 <= head.count; j += 2) {
      const T* value = head.values + j * head.stride + i;
      even = hn::MulAdd(hn::Set(d, weights[j]), load_n(d, value, n), even);
      odd = hn::MulAdd(hn::Set(d, weights[j + 1]), load_n(d, value + head.stride, n), odd);
    }
    if (j < head.count) {
      even = hn::MulAdd(hn::Set(d, weights[j]), load_n(d, head.values + j * head.stride + i, n), even);
    }
    store_n(d, hn::Mul(hn::Add(even, odd), share), out + i, n);
  });
}

/// A query and the segment it belongs to.
struct Query {
  std::int64_t row;
  std::int64_t key_begin;  // of what it sees
  std::int64_t key_count;
};

std::vector<Query> queries_of_segments(std::span<const AttentionSegment> segments, std::int64_t window) {
  std::vector<Query> queries;
  for (const AttentionSegment& s : segments) {
    for (std::int64_t i = 0; i < s.query_count; ++i) {
      const KeyRange seen = visible_keys(s, window, i);
      queries.push_back({s.query_begin + i, s.key_begin + seen.begin, seen.end - seen.begin});
    }
  }
  return queries;
}

void forward(AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
             ConstView v, View out, View lse) {
  const AttentionExtents e(q.shape, k.shape);
  const std::vector<Query> queries = queries_of_segments(segments, options.window);
  dispatch(q.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    parallel_for(e.queries * e.heads, 1, [&](std::int64_t begin, std::int64_t end) {
      thread_local std::vector<A> weights;
      for (std::int64_t task = begin; task < end; ++task) {
        const Query& query = queries[static_cast<std::size_t>(task / e.heads)];
        const std::int64_t h = task % e.heads;
        const std::int64_t g = h / e.group();
        const Head<T> head{.query = e.at_query(q.as<T>(), query.row, h),
                           .keys = e.at_key(k.as<T>(), query.key_begin, g),
                           .values = e.at_key(v.as<T>(), query.key_begin, g),
                           .count = query.key_count,
                           .stride = e.key_stride(),
                           .head_dim = e.head_dim};
        weights.resize(static_cast<std::size_t>(head.count));
        const A largest = score(head, static_cast<A>(options.scale), weights.data());
        const A total = exponentials(head.count, largest, weights.data());
        lse.as<A>()[query.row * e.heads + h] = largest + std::log(total);
        mix(head, weights.data(), total, e.at_query(out.as<T>(), query.row, h));
      }
    });
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {

HWY_EXPORT(forward);

void attention_few(AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
                   ConstView v, View out, View lse) {
  HWY_DYNAMIC_DISPATCH(forward)(options, segments, q, k, v, out, lse);
}

}  // namespace eft
#endif
