#include <algorithm>

#include "ops/attention/attention_mma.cuh"

namespace eft::cuda {
namespace {

/// What both kernels read.
template <class T>
struct Operands {
  const T *q, *k, *v, *dout;
  const Sum<T>*lse, *delta;  ///< [queries, heads]
};

/// Where a gradient goes; null when nobody wants it.
template <class T>
struct Target {
  T* data;
  bool accumulate;
};

/// delta[t, h] = out[t, h]·dout[t, h].
template <class T>
void dot_rows(Stream stream, ConstView result, ConstView dout, View delta) {
  const std::int64_t head_dim = result.shape[2];
  const T *a = in<T>(result), *b = in<T>(dout);
  Sum<T>* to = out<Sum<T>>(delta);
  for_each_row<T>(stream, "attention delta", delta.shape, delta.shape.elements(), head_dim,
                  [=] __device__(std::int64_t row) {
                    Sum<T> part = 0;
                    for_row<T>(head_dim, [&](std::int64_t i, int n) {
                      const Lanes<T> x = load_n(a + row * head_dim + i, n), y = load_n(b + row * head_dim + i, n);
                      for (int l = 0; l < Lanes<T>::kCount; ++l) part += x.v[l] * y.v[l];
                    });
                    const Sum<T> sum = block_sum(part);
                    if (threadIdx.x == 0) to[row] = sum;
                  });
}

template <class A>
struct BackwardTiles {
  SharedTile<A> queries, grads, keys, values;
};

/// dq of a tile of queries: Σ_j ds·k[j] with ds = p·(dout·v[j] − delta)·scale.
template <class T, int kColumns>
__global__ void __launch_bounds__(kTileThreads)
    query_kernel(AttentionSizes s, const QueryTile* tiles, Operands<T> in, Target<T> dq) {
  using A = Sum<T>;
  auto& [queries, grads, keys, values] = block_shared<BackwardTiles<A>>();
  const QueryTile tile = tiles[blockIdx.x];
  const std::int64_t h = blockIdx.y, g = h / s.group();
  const std::int64_t query_stride = s.heads * s.head_dim, key_stride = s.kv_heads * s.head_dim;
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t own = tile.query_begin() * query_stride + h * s.head_dim;
  const std::int64_t begin = tile.seen(0, s.window).begin;
  const std::int64_t end = tile.seen(tile.query_count - 1, s.window).end;
  const A scale = static_cast<A>(s.scale);

  RowSums<A, kColumns> sums = {};
  for (std::int64_t key = begin; key < end; key += kTile) {
    const std::int64_t count = min(end - key, static_cast<std::int64_t>(kTile));
    const std::int64_t at = (tile.segment.key_begin + key) * key_stride + g * s.head_dim;
    A scores[kRowsPerWarp] = {}, dweights[kRowsPerWarp] = {};
    for (std::int64_t column = 0; column < s.head_dim; column += kChunk<A>) {
      __syncthreads();
      stage(queries, in.q + own, query_stride, tile.query_count, column, s.head_dim);
      stage(grads, in.dout + own, query_stride, tile.query_count, column, s.head_dim);
      stage(keys, in.k + at, key_stride, count, column, s.head_dim);
      stage(values, in.v + at, key_stride, count, column, s.head_dim);
      __syncthreads();
      add_products(scores, queries, keys);
      add_products(dweights, grads, values);
    }
#pragma unroll
    for (int r = 0; r < kRowsPerWarp; ++r) {
      const std::int64_t i = warp * kRowsPerWarp + r;
      const bool seen = i < tile.query_count && tile.seen(i, s.window).contains(key + lane);
      const std::int64_t row = (tile.query_begin() + i) * s.heads + h;
      scores[r] = seen ? exp(scores[r] * scale - in.lse[row]) * (dweights[r] - in.delta[row]) * scale : A(0);
    }
    add_weighted_rows<T, kColumns>(sums, scores, keys, in.k + at, key_stride, count, s.head_dim);
  }
#pragma unroll
  for (int r = 0; r < kRowsPerWarp; ++r) {
    const std::int64_t i = warp * kRowsPerWarp + r;
    if (i >= tile.query_count) continue;
    put_row<T, kColumns>(sums[r], A(1), dq.data + own + i * query_stride, s.head_dim, dq.accumulate);
  }
}

/// dk and dv of a tile of keys: sums over all query heads of the group and all queries that see them, in order.
template <class T, int kColumns>
__global__ void __launch_bounds__(kTileThreads)
    key_kernel(AttentionSizes s, const KeyTile* tiles, const AttentionSegment* segments, Operands<T> in, Target<T> dk,
               Target<T> dv) {
  using A = Sum<T>;
  auto& [queries, grads, keys, values] = block_shared<BackwardTiles<A>>();
  const KeyTile tile = tiles[blockIdx.x];
  const std::int64_t g = blockIdx.y;
  const std::int64_t query_stride = s.heads * s.head_dim, key_stride = s.kv_heads * s.head_dim;
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t own = tile.key_begin * key_stride + g * s.head_dim;
  const A scale = static_cast<A>(s.scale);

  RowSums<A, kColumns> key_sums = {}, value_sums = {};
  for (std::int64_t part = tile.first; part < tile.last; ++part) {
    const AttentionSegment segment = segments[part];
    const std::int64_t low = tile.key_begin - segment.key_begin;
    const std::int64_t high = min(low + tile.key_count, segment.key_count);
    if (low >= high) continue;
    const QueryRange range = queries_seeing(segment, s.window, low, high);
    for (std::int64_t h = g * s.group(); h < (g + 1) * s.group(); ++h) {
      for (std::int64_t query = range.begin; query < range.end; query += kTile) {
        const std::int64_t count = min(range.end - query, static_cast<std::int64_t>(kTile));
        const std::int64_t at = (segment.query_begin + query) * query_stride + h * s.head_dim;
        A weights[kRowsPerWarp] = {}, dscores[kRowsPerWarp] = {};
        for (std::int64_t column = 0; column < s.head_dim; column += kChunk<A>) {
          __syncthreads();
          stage(keys, in.k + own, key_stride, high - low, column, s.head_dim);
          stage(values, in.v + own, key_stride, high - low, column, s.head_dim);
          stage(queries, in.q + at, query_stride, count, column, s.head_dim);
          stage(grads, in.dout + at, query_stride, count, column, s.head_dim);
          __syncthreads();
          add_products(weights, keys, queries);
          add_products(dscores, values, grads);
        }
        const std::int64_t i = query + lane;
        const std::int64_t row = (segment.query_begin + i) * s.heads + h;
        const bool valid = lane < count;
        const A shift = valid ? in.lse[row] : A(0), delta = valid ? in.delta[row] : A(0);
        const KeyRange seen = visible_keys(segment, s.window, i);
#pragma unroll
        for (int r = 0; r < kRowsPerWarp; ++r) {
          const std::int64_t key = low + warp * kRowsPerWarp + r;
          weights[r] = valid && key < high && seen.contains(key) ? exp(weights[r] * scale - shift) : A(0);
          dscores[r] = weights[r] == 0 ? A(0) : weights[r] * (dscores[r] - delta) * scale;
        }
        add_weighted_rows<T, kColumns>(value_sums, weights, grads, in.dout + at, query_stride, count, s.head_dim);
        add_weighted_rows<T, kColumns>(key_sums, dscores, queries, in.q + at, query_stride, count, s.head_dim);
      }
    }
  }
#pragma unroll
  for (int r = 0; r < kRowsPerWarp; ++r) {
    const std::int64_t i = warp * kRowsPerWarp + r;
    if (i >= tile.key_count) continue;
    const std::int64_t at = own + i * key_stride;
    if (dk.data != nullptr) put_row<T, kColumns>(key_sums[r], A(1), dk.data + at, s.head_dim, dk.accumulate);
    if (dv.data != nullptr) put_row<T, kColumns>(value_sums[r], A(1), dv.data + at, s.head_dim, dv.accumulate);
  }
}

template <class T, int kColumns>
void launch_backward(Stream stream, const AttentionSizes& s, std::span<const AttentionSegment> segments,
                     const AttentionGradients& all) {
  const cudaStream_t queue = stream_of(stream);
  const Operands<T> operands{in<T>(all.q),    in<T>(all.k),        in<T>(all.v),
                             in<T>(all.dout), in<Sum<T>>(all.lse), in<Sum<T>>(all.delta)};
  const std::vector<QueryTile> queries = query_tiles(segments);
  if (all.dq && !queries.empty()) {
    const Uploaded<QueryTile> tiles(queue, queries);
    const dim3 grid(static_cast<unsigned>(queries.size()), static_cast<unsigned>(s.heads));
    launch("attention backward", all.q.shape, queue, {grid, kTileThreads}, query_kernel<T, kColumns>, s, tiles.data(),
           operands, Target<T>{out<T>(all.dq), all.dq.accumulate});
  }
  const std::vector<KeyTile> keys = key_tiles(segments, all.k.shape[0]);
  if ((!all.dk && !all.dv) || keys.empty()) return;
  const Uploaded<KeyTile> tiles(queue, keys);
  const Uploaded<AttentionSegment> device_segments(queue, segments);
  const dim3 grid(static_cast<unsigned>(keys.size()), static_cast<unsigned>(s.kv_heads));
  launch("attention backward", all.k.shape, queue, {grid, kTileThreads}, key_kernel<T, kColumns>, s, tiles.data(),
         device_segments.data(), operands, Target<T>{out<T>(all.dk), all.dk.accumulate},
         Target<T>{out<T>(all.dv), all.dv.accumulate});
}

}  // namespace

std::vector<KeyTile> key_tiles(std::span<const AttentionSegment> segments, std::int64_t keys) {
  std::vector<KeyTile> tiles;
  const auto add = [&](std::int64_t begin, std::int64_t end, std::size_t first, std::size_t last) {
    for (std::int64_t key = begin; key < end; key += kTile) {
      tiles.push_back({.key_begin = key,
                       .key_count = std::min<std::int64_t>(kTile, end - key),
                       .first = static_cast<std::int64_t>(first),
                       .last = static_cast<std::int64_t>(last)});
    }
  };
  std::int64_t covered = 0;
  for (std::size_t first = 0, last = 0; first < segments.size(); first = last) {
    const std::int64_t begin = segments[first].key_begin;
    std::int64_t end = begin;
    for (last = first; last < segments.size() && segments[last].key_begin == begin; ++last) {
      end = std::max(end, begin + segments[last].key_count);
    }
    expect(begin >= covered, "segments whose keys are the same or apart");
    add(covered, begin, 0, 0);
    add(begin, end, first, last);
    covered = end;
  }
  add(covered, keys, 0, 0);
  return tiles;
}

void attention_backward(Stream stream, const AttentionOptions& options, std::span<const AttentionSegment> segments,
                        const AttentionGradients& gradients) {
  const AttentionSizes s(options, gradients.q.shape, gradients.k.shape);
  on_type(gradients.q.dtype, [&](auto tag) {
    using T = decltype(tag);
    dot_rows<T>(stream, gradients.out, gradients.dout, gradients.delta);
    if (can_use_mma(gradients.q, gradients.k, gradients.v) && is_aligned(gradients.dout.data)) {
      return attention_mma_backward(stream, options, segments, gradients);
    }
    on_columns(s.head_dim,
               [&](auto columns) { launch_backward<T, decltype(columns)::value>(stream, s, segments, gradients); });
  });
}

}  // namespace eft::cuda
