#include "ops/attention/attention_backward.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/attention/attention_backward_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/attention/attention_rows-inl.h"

#include <utility>
#include <vector>

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// The same weights again from the lse of the forward pass, [queries, heads] from the block's first row on.
template <class A>
void weights_again(const AttentionExtents& e, const QueryBlock& block, double scale, const A* lse, Block<A> scores) {
  const hn::ScalableTag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(scale));
  for (std::int64_t i = 0; i < block.query_count * e.group(); ++i) {
    const std::span<A> row = visible_scores(block, e.group(), i, scores);
    const auto shift = hn::Set(d, lse[i / e.group() * e.heads + i % e.group()]);
    for_each_vector(d, static_cast<std::int64_t>(row.size()), [&](std::int64_t j, std::size_t n) {
      store_n(d, exp_or_none(d, hn::MulSub(load_n(d, row.data() + j, n), factor, shift)), row.data() + j, n);
    });
  }
}

/// weights ⊙ (dweights − delta) · scale, the gradient of the scores, in place of dweights; delta = Σ_j weights·dweights
/// of the row. From the output it would be out·dout, which differs by rounding: where one weight is all, that would be
/// the whole gradient.
template <class A>
void scores_gradient(std::int64_t rows, std::int64_t keys, double scale, Block<const A> weights, Block<A> dweights) {
  const hn::ScalableTag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(scale));
  for (std::int64_t i = 0; i < rows; ++i) {
    const A* const weight = weights.data + i * weights.stride;
    A* const row = dweights.data + i * dweights.stride;
    auto sum = hn::Zero(d);
    for_each_vector(d, keys, [&](std::int64_t j, std::size_t n) {
      sum = hn::MulAdd(load_n(d, weight + j, n), load_n(d, row + j, n), sum);
    });
    const auto delta = hn::SumOfLanes(d, sum);
    for_each_vector(d, keys, [&](std::int64_t j, std::size_t n) {
      const auto p = hn::Mul(load_n(d, weight + j, n), factor);
      store_n(d, hn::Mul(p, hn::Sub(load_n(d, row + j, n), delta)), row + j, n);
    });
  }
}

/// Consecutive blocks of queries of one segment, whose weights of each group of heads lie in one matrix [rows, keys],
/// the heads of a query behind each other.
struct Panel {
  std::span<const QueryBlock> blocks;
  std::int64_t group;
  std::int64_t query_begin, rows;
  std::int64_t key_begin, keys;
  std::int64_t at = 0;  ///< of its first element in the buffers of the batch

  Panel(std::span<const QueryBlock> of, std::int64_t heads_of_group)
      : blocks(of), group(heads_of_group), query_begin(of.front().query_begin()) {
    key_begin = of.front().key_begin;
    std::int64_t key_end = key_begin;
    for (const QueryBlock& b : of) {
      key_begin = std::min(key_begin, b.key_begin);
      key_end = std::max(key_end, b.key_begin + b.key_count);
    }
    rows = (of.back().query_begin() + of.back().query_count - query_begin) * group;
    keys = key_end - key_begin;
  }

  std::int64_t stride() const { return keys + kPanelPadding; }
  std::int64_t elements() const { return rows * stride(); }
  /// Of the matrix of group g, the element of a query's first head and a key.
  std::int64_t at_element(std::int64_t g, std::int64_t query, std::int64_t key) const {
    return at + g * elements() + (query - query_begin) * group * stride() + key - key_begin;
  }
};

bool goes_on(const QueryBlock& before, const QueryBlock& b) {
  return before.segment.query_begin == b.segment.query_begin && before.first + before.query_count == b.first;
}

/// All blocks in panels as large as `room` elements for all groups of heads allow.
std::vector<Panel> panels_of(std::span<const QueryBlock> blocks, const AttentionExtents& e, std::int64_t room) {
  std::vector<Panel> panels;
  for (std::size_t first = 0; first < blocks.size();) {
    std::size_t count = 1;
    while (first + count < blocks.size() && goes_on(blocks[first + count - 1], blocks[first + count]) &&
           Panel(blocks.subspan(first, count + 1), e.group()).elements() * e.kv_heads <= room) {
      ++count;
    }
    panels.emplace_back(blocks.subspan(first, count), e.group());
    first += count;
  }
  return panels;
}

/// What the passes over a batch of panels share.
template <class A>
struct Backward {
  Operands<A> in;
  double scale;
  const A* lse;
  A* weights;  ///< of the batch
  A* dscores;  ///< of the batch, the gradient of the scores
};

/// Weights and gradients of the scores of a block, zeros up to the borders of the blocks of keys that meet it.
template <class A>
void differentiate_scores(const Backward<A>& of, const Panel& panel, const QueryBlock& b, std::int64_t g) {
  const AttentionExtents& e = of.in.extents;
  const std::int64_t rows = b.query_count * e.group();
  const std::int64_t begin = panel.at_element(g, b.query_begin(), b.key_begin);
  const Block<A> weights{of.weights + begin, panel.stride()}, dscores{of.dscores + begin, panel.stride()};
  const cpu::GemmShape shape{.m = rows, .n = b.key_count, .k = e.head_dim, .transpose_b = true};
  cpu::gemm_block(shape, A(1), of.in.query(b.query_begin(), g), of.in.key(b.key_begin, g), A(0), weights);
  weights_again(e, b, of.scale, of.lse + b.query_begin() * e.heads + g * e.group(), weights);
  cpu::gemm_block(shape, A(1), of.in.dresult(b.query_begin(), g), of.in.value(b.key_begin, g), A(0), dscores);
  scores_gradient(rows, b.key_count, of.scale, Block<const A>{weights.data, weights.stride}, dscores);
  const KeyRange met = border_of_key_blocks(b);
  const std::int64_t before = b.key_begin - std::max(met.begin, panel.key_begin);
  const std::int64_t behind = std::min(met.end, panel.key_begin + panel.keys) - b.key_begin;
  for (const Block<A>& matrix : {weights, dscores}) {
    for (std::int64_t i = 0; i < rows; ++i) {
      A* const row = matrix.data + i * matrix.stride;
      std::fill(row - before, row, A(0));
      std::fill(row + b.key_count, row + behind, A(0));
    }
  }
}

/// dq of a block from the gradients of its scores.
template <class T, class A>
void put_query_gradient(const Backward<A>& of, const Panel& panel, const QueryBlock& b, std::int64_t g,
                        const GradView& dq) {
  const AttentionExtents& e = of.in.extents;
  const std::int64_t width = e.group() * e.head_dim;
  thread_local std::vector<A> result;
  result.resize(static_cast<std::size_t>(b.query_count * width));
  cpu::gemm_block({.m = b.query_count * e.group(), .n = e.head_dim, .k = b.key_count}, A(1),
                  {of.dscores + panel.at_element(g, b.query_begin(), b.key_begin), panel.stride()},
                  of.in.key(b.key_begin, g), A(0), {result.data(), e.head_dim});
  const Block<T> to{e.at_query(dq.view.as<T>(), b.query_begin(), g * e.group()), e.query_stride()};
  put_rows(b.query_count, width, result.data(), to, dq.accumulate);
}

/// Adds to the sums of a block of keys what the panel's queries of the heads of group g give.
template <class A>
void add_key_gradients(const Backward<A>& of, const Panel& panel, const KeyBlock& keys, std::int64_t g, A* sum_k,
                       A* sum_v) {
  const AttentionExtents& e = of.in.extents;
  const std::int64_t begin = std::max(keys.begin, panel.key_begin);
  const std::int64_t end = std::min(keys.begin + keys.count, panel.key_begin + panel.keys);
  const auto meets = [&](const QueryBlock& b) { return b.key_begin < end && b.key_begin + b.key_count > begin; };
  const auto first = std::find_if(panel.blocks.begin(), panel.blocks.end(), meets);
  const auto last = std::find_if_not(first, panel.blocks.end(), meets);
  if (begin >= end || first == last) return;
  const std::int64_t query = first->query_begin();
  const std::int64_t queries = std::prev(last)->query_begin() + std::prev(last)->query_count - query;
  const cpu::GemmShape shape{.m = end - begin, .n = e.head_dim, .k = queries * e.group(), .transpose_a = true};
  const std::int64_t at = panel.at_element(g, query, begin);
  cpu::gemm_block(shape, A(1), {of.dscores + at, panel.stride()}, of.in.query(query, g), A(1),
                  {e.at_key(sum_k, begin, g), e.key_stride()});
  cpu::gemm_block(shape, A(1), {of.weights + at, panel.stride()}, of.in.dresult(query, g), A(1),
                  {e.at_key(sum_v, begin, g), e.key_stride()});
}

/// Puts sums of the gradient's shape into it.
template <class T, class A>
void put_sums(const A* sums, const GradView& grad) {
  if (!grad) return;
  parallel_for(grad.view.shape.elements(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    put_rows(1, end - begin, sums + begin, Block<T>{grad.view.as<T>() + begin, 0}, grad.accumulate);
  });
}

/// A batch of panels, whose `weights` and `dscores` are there at the same time: first by queries, then by keys.
template <class T, class A>
void backward_batch(const Backward<A>& of, std::span<const Panel> panels, std::span<const KeyBlock> key_blocks,
                    const GradView& dq, A* sum_k, A* sum_v) {
  const AttentionExtents& e = of.in.extents;
  std::vector<std::pair<const Panel*, const QueryBlock*>> blocks;
  for (const Panel& panel : panels) {
    for (const QueryBlock& b : panel.blocks) blocks.emplace_back(&panel, &b);
  }
  const auto count = static_cast<std::int64_t>(blocks.size());
  parallel_for(count * e.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const auto& [panel, b] = blocks[static_cast<std::size_t>(count - 1 - task / e.kv_heads)];  // most keys first
      differentiate_scores(of, *panel, *b, task % e.kv_heads);
      if (dq) put_query_gradient<T>(of, *panel, *b, task % e.kv_heads, dq);
    }
  });
  if (sum_k == nullptr) return;
  parallel_for(static_cast<std::int64_t>(key_blocks.size()) * e.kv_heads, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t task = begin; task < end; ++task) {
      const KeyBlock& keys = key_blocks[static_cast<std::size_t>(task / e.kv_heads)];
      for (const Panel& panel : panels) add_key_gradients(of, panel, keys, task % e.kv_heads, sum_k, sum_v);
    }
  });
}

void backward(AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q, ConstView k,
              ConstView v, ConstView lse, ConstView dout, GradView dq, GradView dk, GradView dv, View workspace) {
  const AttentionExtents e(q.shape, k.shape);
  dispatch(q.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    A* space = workspace.as<A>();
    const auto take = [&](std::int64_t count) { return std::exchange(space, space + count); };
    const Operands<A> in{e, even_queries<T>(e, q, space), widened<T>(k, space), widened<T>(v, space),
                         even_queries<T>(e, dout, space)};
    A* const sum_k = dk || dv ? take(2 * k.shape.elements()) : nullptr;
    A* const sum_v = sum_k + k.shape.elements();
    if (sum_k != nullptr) std::fill(sum_k, space, A(0));
    const std::int64_t room = elements_of_batch(q.shape, k.shape);
    A* const weights = take(room);
    const Backward<A> shared{in, options.scale, lse.as<A>(), weights, take(room)};

    const auto queries = query_blocks(segments, options.window, e.group());
    const auto keys = key_blocks(segments, e.keys);
    std::vector<Panel> panels = panels_of(queries, e, room);
    for (auto first = panels.begin(); first != panels.end();) {
      std::int64_t filled = 0;
      auto last = first;
      for (; last != panels.end() && filled + last->elements() * e.kv_heads <= room; ++last) {
        last->at = std::exchange(filled, filled + last->elements() * e.kv_heads);
      }
      backward_batch<T>(shared, std::span<const Panel>(first, last), keys, dq, sum_k, sum_v);
      first = last;
    }
    put_sums<T>(sum_k, dk);
    put_sums<T>(sum_v, dv);
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {

HWY_EXPORT(backward);

std::int64_t attention_backward_bytes(DType dtype, const Shape& q, const Shape& k) {
  std::int64_t elements = 2 * k.elements() + 2 * elements_of_batch(q, k);
  elements += dtype == DType::bf16 ? 2 * q.elements() + 2 * k.elements() : 2 * elements_of_even_queries(q, k);
  return elements * static_cast<std::int64_t>(size_of(accumulator_of(dtype)));
}

void attention_backward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
                        ConstView k, ConstView v, ConstView, ConstView lse, ConstView dout, GradView dq, GradView dk,
                        GradView dv, View workspace) {
  HWY_DYNAMIC_DISPATCH(backward)(options, segments, q, k, v, lse, dout, dq, dk, dv, workspace);
}

}  // namespace eft
#endif
