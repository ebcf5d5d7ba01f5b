#include "ops/attention/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/attention_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/convert.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"
#include "ops/attention/attention_blocks.h"
#include "ops/attention/attention_few.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using cpu::Block;

/// Weights below this count as none. They change no sum, and products with denormal numbers are many times as slow.
constexpr double kLeastWeight = 1e-30;

template <class D, class V>
HWY_INLINE V without_least(D d, V weight) {
  return hn::IfThenZeroElse(hn::Lt(weight, hn::Set(d, static_cast<hn::TFromD<D>>(kLeastWeight))), weight);
}

/// Clears what row i may not see and returns the part it may.
template <class A>
std::span<A> visible_scores(const QueryBlock& block, std::int64_t i, A* scores) {
  A* row = scores + i * block.key_count;
  const KeyRange seen = block.seen(i);
  std::fill(row, row + seen.begin, A(0));
  std::fill(row + seen.end, row + block.key_count, A(0));
  return {row + seen.begin, row + seen.end};
}

/// scores[i, j] → softmax_j(scale·scores) over the keys that row i sees, else 0; lse gets log Σ_j exp(scale·scores).
template <class A>
void softmax_rows(const QueryBlock& block, double scale, A* scores, A* lse, std::int64_t lse_stride) {
  const hn::ScalableTag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(scale));
  const auto lowest = hn::Set(d, -std::numeric_limits<A>::infinity());
  for (std::int64_t i = 0; i < block.query_count; ++i) {
    const std::span<A> row = visible_scores(block, i, scores);
    const auto count = static_cast<std::int64_t>(row.size());
    auto largest = lowest;
    for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
      const auto s = hn::Mul(load_n(d, row.data() + j, n), factor);
      largest = hn::Max(largest, n == hn::Lanes(d) ? s : hn::IfThenElse(hn::FirstN(d, n), s, lowest));
    });
    const A top = hn::GetLane(hn::MaxOfLanes(d, largest));
    auto sum = hn::Zero(d);
    for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
      const auto e = hn::Exp(d, hn::MulSub(load_n(d, row.data() + j, n), factor, hn::Set(d, top)));
      sum = hn::Add(sum, n == hn::Lanes(d) ? e : hn::IfThenElseZero(hn::FirstN(d, n), e));
      store_n(d, e, row.data() + j, n);
    });
    const A total = hn::GetLane(hn::SumOfLanes(d, sum));
    lse[i * lse_stride] = top + std::log(total);
    const auto share = hn::Set(d, A(1) / total);
    for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
      store_n(d, without_least(d, hn::Mul(load_n(d, row.data() + j, n), share)), row.data() + j, n);
    });
  }
}

/// The same weights again from the lse of the forward pass.
template <class A>
void weights_again(const QueryBlock& block, double scale, const A* lse, std::int64_t lse_stride, A* scores) {
  const hn::ScalableTag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(scale));
  for (std::int64_t i = 0; i < block.query_count; ++i) {
    const std::span<A> row = visible_scores(block, i, scores);
    const auto shift = hn::Set(d, lse[i * lse_stride]);
    for_each_vector(d, static_cast<std::int64_t>(row.size()), [&](std::int64_t j, std::size_t n) {
      const auto e = hn::Exp(d, hn::MulSub(load_n(d, row.data() + j, n), factor, shift));
      store_n(d, without_least(d, e), row.data() + j, n);
    });
  }
}

/// weights ⊙ (dweights − delta[row]) · scale, the gradient of the scores, in place of dweights.
template <class A>
void scores_gradient(const QueryBlock& block, double scale, const A* weights, const A* delta, std::int64_t stride,
                     A* dweights) {
  const hn::ScalableTag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(scale));
  for (std::int64_t i = 0; i < block.query_count; ++i) {
    const auto shift = hn::Set(d, delta[i * stride]);
    const std::int64_t row = i * block.key_count;
    for_each_vector(d, block.key_count, [&](std::int64_t j, std::size_t n) {
      const auto p = hn::Mul(load_n(d, weights + row + j, n), factor);
      store_n(d, hn::Mul(p, hn::Sub(load_n(d, dweights + row + j, n), shift)), dweights + row + j, n);
    });
  }
}

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

template <class A>
void forward_block(const Operands<A>& in, const QueryBlock& b, std::int64_t h, double scale, A* lse, A* out) {
  const AttentionExtents& e = in.extents;
  const std::int64_t g = h / e.group();
  thread_local std::vector<A> scores;
  scores.resize(static_cast<std::size_t>(b.query_count * b.key_count));
  const Block<A> s{scores.data(), b.key_count};
  cpu::gemm_block({.m = b.query_count, .n = b.key_count, .k = e.head_dim, .transpose_b = true}, A(1),
                  in.query(b.query_begin, h), in.key(b.key_begin, g), A(0), s);
  softmax_rows(b, scale, s.data, lse + b.query_begin * e.heads + h, e.heads);
  cpu::gemm_block({.m = b.query_count, .n = e.head_dim, .k = b.key_count}, A(1), {s.data, s.stride},
                  in.value(b.key_begin, g), A(0), {out, e.head_dim});
}

/// The weights of a block and the gradient of its scores.
template <class A>
struct BlockGradient {
  std::vector<A> weights, dscores;
};

template <class A>
void differentiate_scores(const Operands<A>& in, const QueryBlock& b, std::int64_t h, double scale, const A* lse,
                          const A* delta, BlockGradient<A>& out) {
  const AttentionExtents& e = in.extents;
  const std::int64_t g = h / e.group();
  const std::int64_t at = b.query_begin * e.heads + h;
  out.weights.resize(static_cast<std::size_t>(b.query_count * b.key_count));
  out.dscores.resize(out.weights.size());
  const cpu::GemmShape shape{.m = b.query_count, .n = b.key_count, .k = e.head_dim, .transpose_b = true};
  cpu::gemm_block(shape, A(1), in.query(b.query_begin, h), in.key(b.key_begin, g), A(0),
                  {out.weights.data(), b.key_count});
  weights_again(b, scale, lse + at, e.heads, out.weights.data());
  cpu::gemm_block(shape, A(1), in.dresult(b.query_begin, h), in.value(b.key_begin, g), A(0),
                  {out.dscores.data(), b.key_count});
  scores_gradient(b, scale, out.weights.data(), delta + at, e.heads, out.dscores.data());
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

/// delta[t, h] = out[t, h]·dout[t, h].
template <class T, class A>
void dot_rows(const AttentionExtents& e, const T* out, const T* dout, A* delta) {
  const hn::ScalableTag<A> d;
  parallel_for(e.queries * e.heads, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      auto sum = hn::Zero(d);
      for_each_vector(d, e.head_dim, [&](std::int64_t i, std::size_t n) {
        const std::int64_t at = row * e.head_dim + i;
        sum = hn::MulAdd(load_n(d, out + at, n), load_n(d, dout + at, n), sum);
      });
      delta[row] = hn::GetLane(hn::SumOfLanes(d, sum));
    }
  });
}

void forward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
             ConstView v, View out, View lse, View workspace) {
  if (q.shape[0] <= kFewQueries) return attention_few(options, segments, q, k, v, out, lse);
  const AttentionExtents e(q.shape, k.shape);
  dispatch(q.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    A* space = workspace.as<A>();
    Operands<A> in{e, widened<T>(q, space), widened<T>(k, space), widened<T>(v, space), nullptr};
    const auto blocks = query_blocks(segments, options);
    const auto count = static_cast<std::int64_t>(blocks.size());
    parallel_for(count * e.heads, 1, [&](std::int64_t begin, std::int64_t end) {
      thread_local std::vector<A> result;
      for (std::int64_t task = begin; task < end; ++task) {
        const QueryBlock& b = blocks[static_cast<std::size_t>(task / e.heads)];
        const std::int64_t h = task % e.heads;
        result.resize(static_cast<std::size_t>(b.query_count * e.head_dim));
        forward_block(in, b, h, options.scale, lse.as<A>(), result.data());
        const Block<T> to{e.at_query(out.as<T>(), b.query_begin, h), e.query_stride()};
        put_rows(b.query_count, e.head_dim, result.data(), to, false);
      }
    });
  });
}

/// dq by blocks of queries, each over all keys it sees.
template <class T, class A>
void backward_queries(const Operands<A>& in, std::span<const AttentionSegment> segments,
                      const AttentionOptions& options, const A* lse, const A* delta, GradView dq) {
  const AttentionExtents& e = in.extents;
  const auto blocks = query_blocks(segments, options);
  parallel_for(static_cast<std::int64_t>(blocks.size()) * e.heads, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local BlockGradient<A> gradient;
    thread_local std::vector<A> result;
    for (std::int64_t task = begin; task < end; ++task) {
      const QueryBlock& b = blocks[static_cast<std::size_t>(task / e.heads)];
      const std::int64_t h = task % e.heads;
      differentiate_scores(in, b, h, options.scale, lse, delta, gradient);
      result.resize(static_cast<std::size_t>(b.query_count * e.head_dim));
      cpu::gemm_block({.m = b.query_count, .n = e.head_dim, .k = b.key_count}, A(1),
                      {gradient.dscores.data(), b.key_count}, in.key(b.key_begin, h / e.group()), A(0),
                      {result.data(), e.head_dim});
      const Block<T> to{e.at_query(dq.view.as<T>(), b.query_begin, h), e.query_stride()};
      put_rows(b.query_count, e.head_dim, result.data(), to, dq.accumulate);
    }
  });
}

/// dk and dv by blocks of keys, each over all queries and heads of its group that see it, in a fixed order.
template <class T, class A>
void backward_keys(const Operands<A>& in, std::span<const AttentionSegment> segments, const AttentionOptions& options,
                   const A* lse, const A* delta, GradView dk, GradView dv) {
  const AttentionExtents& e = in.extents;
  const auto blocks = key_blocks(segments, e.keys);
  parallel_for(static_cast<std::int64_t>(blocks.size()) * e.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local BlockGradient<A> gradient;
    thread_local std::vector<A> sum_k, sum_v;
    for (std::int64_t task = begin; task < end; ++task) {
      const KeyBlock& keys = blocks[static_cast<std::size_t>(task / e.kv_heads)];
      const std::int64_t g = task % e.kv_heads;
      sum_k.assign(static_cast<std::size_t>(keys.count * e.head_dim), A(0));
      sum_v.assign(sum_k.size(), A(0));
      for (const QueryBlock& b : queries_of(keys, options)) {
        for (std::int64_t h = g * e.group(); h < (g + 1) * e.group(); ++h) {
          differentiate_scores(in, b, h, options.scale, lse, delta, gradient);
          const cpu::GemmShape shape{.m = keys.count, .n = e.head_dim, .k = b.query_count, .transpose_a = true};
          cpu::gemm_block(shape, A(1), {gradient.dscores.data(), keys.count}, in.query(b.query_begin, h), A(1),
                          {sum_k.data(), e.head_dim});
          cpu::gemm_block(shape, A(1), {gradient.weights.data(), keys.count}, in.dresult(b.query_begin, h), A(1),
                          {sum_v.data(), e.head_dim});
        }
      }
      const auto put = [&](const std::vector<A>& sum, const GradView& grad) {
        if (!grad) return;
        const Block<T> to{e.at_key(grad.view.as<T>(), keys.begin, g), e.key_stride()};
        put_rows(keys.count, e.head_dim, sum.data(), to, grad.accumulate);
      };
      put(sum_k, dk);
      put(sum_v, dv);
    }
  });
}

void backward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
              ConstView v, ConstView out, ConstView lse, ConstView dout, GradView dq, GradView dk, GradView dv,
              View workspace) {
  const AttentionExtents e(q.shape, k.shape);
  dispatch(q.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    A* space = workspace.as<A>();
    A* delta = space;
    space += e.queries * e.heads;
    dot_rows(e, out.as<T>(), dout.as<T>(), delta);
    const Operands<A> in{e, widened<T>(q, space), widened<T>(k, space), widened<T>(v, space), widened<T>(dout, space)};
    if (dq) backward_queries<T>(in, segments, options, lse.as<A>(), delta, dq);
    if (dk || dv) backward_keys<T>(in, segments, options, lse.as<A>(), delta, dk, dv);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

/// bf16 operands are widened once; backward also keeps one number per query and head.
std::int64_t workspace_bytes(DType dtype, Shape q, Shape k, bool backward) {
  if (!backward && q[0] <= kFewQueries) return 0;
  std::int64_t elements = backward ? q[0] * q[1] : 0;
  if (dtype == DType::bf16) elements += (backward ? 2 : 1) * q.elements() + 2 * k.elements();
  return elements * static_cast<std::int64_t>(size_of(accumulator_of(dtype)));
}

const bool registered = attention_kernels.add(Device::cpu, {.workspace_bytes = workspace_bytes,
                                                            .forward =
                                                                [](auto... args) {
                                                                  HWY_DYNAMIC_DISPATCH(forward)
                                                                  (args...);
                                                                },
                                                            .backward =
                                                                [](auto... args) {
                                                                  HWY_DYNAMIC_DISPATCH(backward)
                                                                  (args...);
                                                                }});

}  // namespace
}  // namespace eft
#endif
