#include "ops/attention/attention_mma.cuh"

namespace eft::cuda {
namespace {

template <class A>
struct ForwardTiles {
  SharedTile<A> mine, theirs;
};

template <class T, int kColumns>
__global__ void __launch_bounds__(kTileThreads) forward_kernel(AttentionSizes s, const QueryTile* tiles, const T* q,
                                                               const T* k, const T* v, T* result, Sum<T>* lse) {
  using A = Sum<T>;
  auto& [mine, theirs] = block_shared<ForwardTiles<A>>();
  const QueryTile tile = tiles[blockIdx.x];
  const std::int64_t h = blockIdx.y, g = h / s.group();
  const std::int64_t query_stride = s.heads * s.head_dim, key_stride = s.kv_heads * s.head_dim;
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const T* queries = q + tile.query_begin() * query_stride + h * s.head_dim;
  const std::int64_t begin = tile.seen(0, s.window).begin;
  const std::int64_t end = tile.seen(tile.query_count - 1, s.window).end;
  const A scale = static_cast<A>(s.scale);

  RowSums<A, kColumns> sums = {};
  A top[kRowsPerWarp], total[kRowsPerWarp];
  for (int r = 0; r < kRowsPerWarp; ++r) {
    top[r] = -INFINITY;
    total[r] = 0;
  }
  for (std::int64_t key = begin; key < end; key += kTile) {
    const std::int64_t keys = min(end - key, static_cast<std::int64_t>(kTile));
    const std::int64_t at = (tile.segment.key_begin + key) * key_stride + g * s.head_dim;
    A scores[kRowsPerWarp] = {};
    for (std::int64_t column = 0; column < s.head_dim; column += kChunk<A>) {
      __syncthreads();
      stage(mine, queries, query_stride, tile.query_count, column, s.head_dim);
      stage(theirs, k + at, key_stride, keys, column, s.head_dim);
      __syncthreads();
      add_products(scores, mine, theirs);
    }
#pragma unroll
    for (int r = 0; r < kRowsPerWarp; ++r) {
      const std::int64_t i = warp * kRowsPerWarp + r;
      const bool seen = i < tile.query_count && tile.seen(i, s.window).contains(key + lane);
      const A score = seen ? scores[r] * scale : A(-INFINITY);
      const A before = top[r];
      top[r] = larger(before, warp_max(score));
      const A shrink = top[r] == A(-INFINITY) ? A(1) : exp(before - top[r]);
      scores[r] = seen ? exp(score - top[r]) : A(0);
      total[r] = total[r] * shrink + warp_sum(scores[r]);
#pragma unroll
      for (int j = 0; j < kColumns; ++j) sums[r][j] *= shrink;
    }
    add_weighted_rows<T, kColumns>(sums, scores, theirs, v + at, key_stride, keys, s.head_dim);
  }
#pragma unroll
  for (int r = 0; r < kRowsPerWarp; ++r) {
    const std::int64_t i = warp * kRowsPerWarp + r;
    if (i >= tile.query_count) continue;
    const std::int64_t row = (tile.query_begin() + i) * s.heads + h;
    put_row<T, kColumns>(sums[r], total[r] == 0 ? A(0) : 1 / total[r], result + row * s.head_dim, s.head_dim, false);
    if (lane == 0) lse[row] = top[r] + log(total[r]);
  }
}

std::int64_t workspace_bytes(DType dtype, Shape q, Shape, std::span<const AttentionSegment>, bool backward) {
  return backward ? q[0] * q[1] * static_cast<std::int64_t>(size_of(accumulator_of(dtype))) : 0;
}

void forward(Stream stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
             ConstView k, ConstView v, View result, View lse, View) {
  if (can_use_mma(q, k, v)) return attention_mma_forward(stream, options, segments, q, k, v, result, lse);
  const AttentionSizes s(options, q.shape, k.shape);
  const std::vector<QueryTile> tiles = query_tiles(segments);
  if (tiles.empty()) return;
  const cudaStream_t queue = stream_of(stream);
  const Uploaded<QueryTile> device_tiles(queue, tiles);
  const dim3 grid(static_cast<unsigned>(tiles.size()), static_cast<unsigned>(s.heads));
  on_type(q.dtype, [&](auto tag) {
    using T = decltype(tag);
    on_columns(s.head_dim, [&](auto columns) {
      launch("attention", q.shape, queue, {grid, kTileThreads}, forward_kernel<T, decltype(columns)::value>, s,
             device_tiles.data(), in<T>(q), in<T>(k), in<T>(v), out<T>(result), out<Sum<T>>(lse));
    });
  });
}

void backward(Stream stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
              ConstView k, ConstView v, ConstView result, ConstView lse, ConstView dout, GradView dq, GradView dk,
              GradView dv, View workspace) {
  attention_backward(stream, options, segments,
                     {.q = q,
                      .k = k,
                      .v = v,
                      .out = result,
                      .lse = lse,
                      .dout = dout,
                      .dq = dq,
                      .dk = dk,
                      .dv = dv,
                      .delta = {workspace.data, accumulator_of(q.dtype), lse.shape}});
}

const bool registered =
    attention_kernels.add(Device::cuda, {.workspace_bytes = workspace_bytes, .forward = forward, .backward = backward});

}  // namespace

std::vector<QueryTile> query_tiles(std::span<const AttentionSegment> segments, std::int64_t rows) {
  std::vector<QueryTile> tiles;
  for (const AttentionSegment& s : segments) {
    for (std::int64_t i = 0; i < s.query_count; i += rows) {
      tiles.push_back({.segment = s, .first = i, .query_count = std::min(rows, s.query_count - i)});
    }
  }
  return tiles;
}

}  // namespace eft::cuda
