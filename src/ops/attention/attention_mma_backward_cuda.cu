#include "ops/attention/attention_mma.cuh"

namespace eft::cuda {
namespace {

constexpr int kOwn = 32;  ///< rows of a block

struct Inputs {
  const BFloat *q, *k, *v, *dout;
  const float *lse, *delta;  ///< [queries, heads]
};

/// Null when nobody wants the gradient.
struct Output {
  BFloat* data;
  bool accumulate;
};

/// Two operands of a block's own rows, two of the other side's, and the weights between them.
template <int kHead>
struct BackwardSpace {
  HeadRows<kOwn, kHead> own_first, own_second;
  HeadRows<kOther, kHead> first, second;
  Weights<kOwn> weights, dscores;
};

/// What a score needs of its query.
struct QueryTerms {
  float lse, delta;
};
__device__ __forceinline__ QueryTerms terms_of(const Inputs& in, std::int64_t row) {
  return {in.lse[row], in.delta[row]};
}

/// exp(score − lse).
__device__ __forceinline__ float weight_of(float product, float scale, const QueryTerms& query) {
  return exp(product * scale - query.lse);
}

/// dq of a tile of queries: Σ_j ds·k[j] with ds = p·(dout·v[j] − delta)·scale.
template <int kHead>
__global__ void __launch_bounds__(kMmaThreads)
    query_kernel(AttentionSizes s, const QueryTile* tiles, Inputs in, Output dq) {
  auto& space = *dynamic_shared<BackwardSpace<kHead>>();
  const QueryTile tile = tiles[gridDim.x - 1 - blockIdx.x];
  const std::int64_t h = blockIdx.y, g = h / s.group();
  const std::int64_t query_stride = s.heads * s.head_dim, key_stride = s.kv_heads * s.head_dim;
  const std::int64_t begin = tile.seen(0, s.window).begin;
  const std::int64_t end = tile.seen(tile.query_count - 1, s.window).end;
  const std::int64_t own = tile.query_begin() * query_stride + h * s.head_dim;
  const std::int64_t theirs = tile.segment.key_begin * key_stride + g * s.head_dim;
  const float scale = static_cast<float>(s.scale);
  const Place<kOwn> place;

  KeyRange seen[2];  // of the lane's two rows
  QueryTerms terms[2] = {};
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = place.row_of(2 * half);
    seen[half] = row < tile.query_count ? tile.seen(row, s.window) : KeyRange{0, 0};
    if (row < tile.query_count) terms[half] = terms_of(in, (tile.query_begin() + row) * s.heads + h);
  }
  Sums<kOwn, kHead> sums;
  fetch<kOwn, kHead>(space.own_first, in.q + own, query_stride, tile.query_count, s.head_dim);
  fetch<kOwn, kHead>(space.own_second, in.dout + own, query_stride, tile.query_count, s.head_dim);
  fetch<kOther, kHead>(space.first, in.k + theirs + begin * key_stride, key_stride, end - begin, s.head_dim);
  fetch<kOther, kHead>(space.second, in.v + theirs + begin * key_stride, key_stride, end - begin, s.head_dim);
  commit_copies();
  for (std::int64_t key = begin; key < end; key += kOther) {
    const std::int64_t next = key + kOther;
    wait_for_copies<0>();
    __syncthreads();  // keys and values are there
    Scores<kOwn> products, dweights;
    add_products<kOwn, kHead>(products, space.own_first, space.first, s.head_dim);
    add_products<kOwn, kHead>(dweights, space.own_second, space.second, s.head_dim);
#pragma unroll
    for (int piece = 0; piece < Scores<kOwn>::kPieces; ++piece) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int column = Scores<kOwn>::column(place, piece, i);
        const QueryTerms& query = terms[i / 2];
        const float weight = seen[i / 2].contains(key + column) ? weight_of(products.of[piece][i], scale, query) : 0.0F;
        const float dscore = weight == 0 ? 0.0F : weight * (dweights.of[piece][i] - query.delta) * scale;
        space.dscores[place.row_of(i)][column] = narrow<BFloat>(dscore);
      }
    }
    __syncthreads();  // all scores are there, and nobody needs the values
    if (next < end) {
      fetch<kOther, kHead>(space.second, in.v + theirs + next * key_stride, key_stride, end - next, s.head_dim);
    }
    add_weighted<kOwn, kHead>(sums, space.dscores, space.first, s.head_dim);
    __syncthreads();  // nobody needs the keys
    if (next < end) {
      fetch<kOther, kHead>(space.first, in.k + theirs + next * key_stride, key_stride, end - next, s.head_dim);
    }
    commit_copies();
  }
  wait_for_copies<0>();
  put_sums<kOwn, kHead>(sums, dq.data + own, query_stride, tile.query_count, s.head_dim, dq.accumulate,
                        [](int) { return 1.0F; });
}

/// A tile of keys as one segment sees it.
struct SeenKeys {
  AttentionSegment segment;
  std::int64_t low, high;  ///< of the segment's keys
};

/// Weights and score gradients of a tile of queries from `query` on, keys by row.
template <int kHead>
__device__ __forceinline__ void weigh_queries(BackwardSpace<kHead>& space, const AttentionSizes& s, const Inputs& in,
                                              const SeenKeys& keys, std::int64_t query, std::int64_t count,
                                              std::int64_t h) {
  const Place<kOwn> place;
  const float scale = static_cast<float>(s.scale);
  Scores<kOwn> products, dweights;
  add_products<kOwn, kHead>(products, space.own_first, space.first, s.head_dim);
  add_products<kOwn, kHead>(dweights, space.own_second, space.second, s.head_dim);
#pragma unroll
  for (int piece = 0; piece < Scores<kOwn>::kPieces; ++piece) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int column = Scores<kOwn>::column(place, piece, i), row = place.row_of(i);
      const std::int64_t key = keys.low + row;
      const bool seen =
          column < count && key < keys.high && visible_keys(keys.segment, s.window, query + column).contains(key);
      float weight = 0, dscore = 0;
      if (seen) {
        const QueryTerms terms = terms_of(in, (keys.segment.query_begin + query + column) * s.heads + h);
        weight = weight_of(products.of[piece][i], scale, terms);
        dscore = weight == 0 ? 0.0F : weight * (dweights.of[piece][i] - terms.delta) * scale;
      }
      space.weights[row][column] = narrow<BFloat>(weight);
      space.dscores[row][column] = narrow<BFloat>(dscore);
    }
  }
}

/// Where a tile of queries begins: the walk over all heads of the group and all tiles of a segment's queries is one
/// loop.
struct QueryWalk {
  QueryRange range;
  std::int64_t tiles, heads;

  __device__ QueryWalk(const QueryRange& queries, std::int64_t group)
      : range(queries), tiles((queries.end - queries.begin + kOther - 1) / kOther), heads(group) {
    if (tiles < 0) tiles = 0;
  }
  __device__ std::int64_t steps() const { return tiles * heads; }
  __device__ std::int64_t head(std::int64_t step) const { return step / tiles; }
  __device__ std::int64_t query(std::int64_t step) const { return range.begin + step % tiles * kOther; }
};

/// dk and dv of a tile of keys: sums over all query heads of the group and all queries that see them, in order.
template <int kHead>
__global__ void __launch_bounds__(kMmaThreads)
    key_kernel(AttentionSizes s, const KeyTile* tiles, const AttentionSegment* segments, Inputs in, Output dk,
               Output dv) {
  auto& space = *dynamic_shared<BackwardSpace<kHead>>();
  const KeyTile tile = tiles[blockIdx.x];
  const std::int64_t g = blockIdx.y;
  const std::int64_t query_stride = s.heads * s.head_dim, key_stride = s.kv_heads * s.head_dim;
  const std::int64_t own = tile.key_begin * key_stride + g * s.head_dim;

  Sums<kOwn, kHead> key_sums, value_sums;
  fetch<kOwn, kHead>(space.own_first, in.k + own, key_stride, tile.key_count, s.head_dim);
  fetch<kOwn, kHead>(space.own_second, in.v + own, key_stride, tile.key_count, s.head_dim);
  for (std::int64_t part = tile.first; part < tile.last; ++part) {
    const AttentionSegment segment = segments[part];
    const std::int64_t low = tile.key_begin - segment.key_begin;
    const SeenKeys keys{segment, low, min(low + tile.key_count, segment.key_count)};
    if (keys.low >= keys.high) continue;
    const QueryWalk walk(queries_seeing(segment, s.window, keys.low, keys.high), s.group());
    const auto fetch_queries = [&](HeadRows<kOther, kHead>& to, const BFloat* from, std::int64_t step) {
      if (step >= walk.steps()) return;
      const std::int64_t query = walk.query(step), h = g * s.group() + walk.head(step);
      fetch<kOther, kHead>(to, from + (segment.query_begin + query) * query_stride + h * s.head_dim, query_stride,
                           walk.range.end - query, s.head_dim);
    };
    fetch_queries(space.first, in.q, 0);
    fetch_queries(space.second, in.dout, 0);
    commit_copies();
    for (std::int64_t step = 0; step < walk.steps(); ++step) {
      const std::int64_t query = walk.query(step);
      wait_for_copies<0>();
      __syncthreads();  // queries and their gradients are there
      weigh_queries(space, s, in, keys, query, walk.range.end - query, g * s.group() + walk.head(step));
      __syncthreads();  // all weights are there
      add_weighted<kOwn, kHead>(value_sums, space.weights, space.second, s.head_dim);
      __syncthreads();  // nobody needs the gradients
      fetch_queries(space.second, in.dout, step + 1);
      add_weighted<kOwn, kHead>(key_sums, space.dscores, space.first, s.head_dim);
      __syncthreads();  // nobody needs the queries
      fetch_queries(space.first, in.q, step + 1);
      commit_copies();
    }
  }
  commit_copies();
  wait_for_copies<0>();
  const auto one = [](int) { return 1.0F; };
  if (dk.data != nullptr) {
    put_sums<kOwn, kHead>(key_sums, dk.data + own, key_stride, tile.key_count, s.head_dim, dk.accumulate, one);
  }
  if (dv.data != nullptr) {
    put_sums<kOwn, kHead>(value_sums, dv.data + own, key_stride, tile.key_count, s.head_dim, dv.accumulate, one);
  }
}

template <int kHead>
void launch_backward(cudaStream_t queue, const AttentionSizes& s, std::span<const AttentionSegment> segments,
                     const AttentionGradients& all) {
  const Inputs inputs{in<BFloat>(all.q),    in<BFloat>(all.k),  in<BFloat>(all.v),
                      in<BFloat>(all.dout), in<float>(all.lse), in<float>(all.delta)};
  const auto grid = [](std::size_t tiles, std::int64_t heads) {
    return Grid{.blocks = dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(heads)),
                .threads = kMmaThreads,
                .shared_bytes = sizeof(BackwardSpace<kHead>)};
  };
  const std::vector<QueryTile> queries = query_tiles(segments, kOwn);
  if (all.dq && !queries.empty()) {
    const Uploaded<QueryTile> tiles(queue, queries);
    launch("attention backward", all.q.shape, queue, grid(queries.size(), s.heads), query_kernel<kHead>, s,
           tiles.data(), inputs, Output{out<BFloat>(all.dq), all.dq.accumulate});
  }
  const std::vector<KeyTile> keys = key_tiles(segments, all.k.shape[0]);
  if ((!all.dk && !all.dv) || keys.empty()) return;
  const Uploaded<KeyTile> tiles(queue, keys);
  const Uploaded<AttentionSegment> device_segments(queue, segments);
  launch("attention backward", all.k.shape, queue, grid(keys.size(), s.kv_heads), key_kernel<kHead>, s, tiles.data(),
         device_segments.data(), inputs, Output{out<BFloat>(all.dk), all.dk.accumulate},
         Output{out<BFloat>(all.dv), all.dv.accumulate});
}

}  // namespace

void attention_mma_backward(Stream stream, const AttentionOptions& options, std::span<const AttentionSegment> segments,
                            const AttentionGradients& gradients) {
  const AttentionSizes s(options, gradients.q.shape, gradients.k.shape);
  on_head(s.head_dim,
          [&](auto head) { launch_backward<decltype(head)::value>(stream_of(stream), s, segments, gradients); });
}

}  // namespace eft::cuda
