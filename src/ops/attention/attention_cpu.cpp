#include "ops/attention/attention.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/attention_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/attention/attention_backward.h"
#include "ops/attention/attention_few.h"
#include "ops/attention/attention_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// scores[i, j] → softmax_j(scale·scores) over the keys that row i sees, else 0; lse [queries, heads], from the block's
/// first row on, gets log Σ_j exp(scale·scores).
template <class A>
void softmax_rows(const AttentionExtents& e, const QueryBlock& block, double scale, Block<A> scores, A* lse) {
  const hn::ScalableTag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(scale));
  const auto lowest = hn::Set(d, -std::numeric_limits<A>::infinity());
  for (std::int64_t i = 0; i < block.query_count * e.group(); ++i) {
    const std::span<A> row = visible_scores(block, e.group(), i, scores);
    const auto count = static_cast<std::int64_t>(row.size());
    auto largest = lowest;
    for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
      const auto s = hn::Mul(load_n(d, row.data() + j, n), factor);
      largest = hn::Max(largest, n == hn::Lanes(d) ? s : hn::IfThenElse(hn::FirstN(d, n), s, lowest));
    });
    const A top = hn::GetLane(hn::MaxOfLanes(d, largest));
    auto sum = hn::Zero(d);
    for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
      const auto e = exp_or_none(d, hn::MulSub(load_n(d, row.data() + j, n), factor, hn::Set(d, top)));
      sum = hn::Add(sum, n == hn::Lanes(d) ? e : hn::IfThenElseZero(hn::FirstN(d, n), e));
      store_n(d, e, row.data() + j, n);
    });
    const A total = hn::GetLane(hn::SumOfLanes(d, sum));
    lse[i / e.group() * e.heads + i % e.group()] = top + std::log(total);
    const auto share = hn::Set(d, A(1) / total);
    for_each_vector(d, count, [&](std::int64_t j, std::size_t n) {
      store_n(d, hn::Mul(load_n(d, row.data() + j, n), share), row.data() + j, n);
    });
  }
}

template <class A>
void forward_block(const Operands<A>& in, const QueryBlock& b, std::int64_t g, double scale, A* lse, A* out) {
  const AttentionExtents& e = in.extents;
  const std::int64_t rows = b.query_count * e.group();
  thread_local std::vector<A> scores;
  scores.resize(static_cast<std::size_t>(rows * (b.key_count + kPanelPadding)));
  const Block<A> s{scores.data(), b.key_count + kPanelPadding};
  cpu::gemm_block({.m = rows, .n = b.key_count, .k = e.head_dim, .transpose_b = true}, A(1),
                  in.query(b.query_begin(), g), in.key(b.key_begin, g), A(0), s);
  softmax_rows(e, b, scale, s, lse + b.query_begin() * e.heads + g * e.group());
  cpu::gemm_block({.m = rows, .n = e.head_dim, .k = b.key_count}, A(1), {s.data, s.stride}, in.value(b.key_begin, g),
                  A(0), {out, e.head_dim});
}

/// The keys and values that a call reads; those of types that are multiplied as they are stored stay where they are.
template <class T>
ReadKeys keys_to_widen(std::span<const AttentionSegment> segments) {
  if constexpr (std::is_same_v<T, BFloat16>) return read_keys(segments);
  return {.ranges = {}, .segments = {segments.begin(), segments.end()}};
}

/// Those rows of `x` in the accumulator's type: the tensor itself, or widened copies end to end at `space`, which moves
/// on.
template <class T>
const Accumulator<T>* widened_rows(ConstView x, const ReadKeys& keys, Accumulator<T>*& space) {
  if constexpr (!std::is_same_v<T, BFloat16>) return x.as<T>();
  const Accumulator<T>* const copies = space;
  const std::int64_t width = x.shape[1] * x.shape[2];
  for (const KeyRange& range : keys.ranges) {
    const Shape rows{range.end - range.begin, x.shape[1], x.shape[2]};
    widened<T>({x.as<T>() + range.begin * width, x.dtype, rows}, space);
  }
  return copies;
}

void forward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
             ConstView v, View out, View lse, View workspace) {
  if (q.shape[0] <= kFewQueries) return attention_few(options, segments, q, k, v, out, lse);
  const AttentionExtents e(q.shape, k.shape);
  dispatch(q.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    A* space = workspace.as<A>();
    const ReadKeys keys = keys_to_widen<T>(segments);
    Operands<A> in{e, even_queries<T>(e, q, space), widened_rows<T>(k, keys, space), widened_rows<T>(v, keys, space),
                   nullptr};
    const auto blocks = query_blocks(keys.segments, options.window, e.group());
    const auto count = static_cast<std::int64_t>(blocks.size());
    const std::int64_t width = e.group() * e.head_dim;
    parallel_for(count * e.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
      thread_local std::vector<A> result;
      for (std::int64_t task = begin; task < end; ++task) {
        const QueryBlock& b = blocks[static_cast<std::size_t>(count - 1 - task / e.kv_heads)];  // most keys first
        const std::int64_t g = task % e.kv_heads;
        result.resize(static_cast<std::size_t>(b.query_count * width));
        forward_block(in, b, g, options.scale, lse.as<A>(), result.data());
        const Block<T> to{e.at_query(out.as<T>(), b.query_begin(), g * e.group()), e.query_stride()};
        put_rows(b.query_count, width, result.data(), to, false);
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
namespace {

HWY_EXPORT(forward);

/// bf16 operands are widened once; queries in f32 or f64 are copied where their rows lie unevenly.
std::int64_t workspace_bytes(DType dtype, Shape q, Shape k, std::span<const AttentionSegment> segments, bool backward) {
  if (backward) return attention_backward_bytes(dtype, q, k);
  if (q[0] <= kFewQueries) return 0;
  const std::int64_t elements = dtype == DType::bf16 ? q.elements() + 2 * read_keys(segments).count * k[1] * k[2]
                                                     : elements_of_even_queries(q, k);
  return elements * static_cast<std::int64_t>(size_of(accumulator_of(dtype)));
}

const bool registered = attention_kernels.add(Device::cpu, {.workspace_bytes = workspace_bytes,
                                                            .forward =
                                                                [](auto... args) {
                                                                  HWY_DYNAMIC_DISPATCH(forward)
                                                                  (args...);
                                                                },
                                                            .backward = attention_backward});

}  // namespace
}  // namespace eft
#endif
