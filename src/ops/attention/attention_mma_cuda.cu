#include "ops/attention/attention_mma.cuh"

namespace eft::cuda {
namespace {

constexpr int kQueries = 64;  // of a block

template <int kHead>
struct ForwardSpace {
  HeadRows<kQueries, kHead> queries;
  HeadRows<kOther, kHead> keys, values;
  float scores[kQueries][kOther + 4];
  Weights<kQueries> weights;
  float factor[kQueries];  ///< what the sums so far are multiplied with
};

/// The softmax of a row so far; four lanes have it, each for a quarter of a tile's keys.
struct RunningSoftmax {
  float top = -INFINITY, total = 0;

  /// Takes eight more scores of the row and turns them into weights. Returns what the sums so far shrink by.
  __device__ float take(float (&scores)[8]) {
    float largest = top;
#pragma unroll
    for (const float score : scores) largest = larger(largest, score);
    for (int lanes = 1; lanes < 4; lanes *= 2) largest = larger(largest, __shfl_xor_sync(0xffffffffU, largest, lanes));
    const bool any = !(largest == -INFINITY);
    const float shrink = any ? exp(top - largest) : 1.0F;
    float sum = 0;
#pragma unroll
    for (float& score : scores) {
      score = any ? exp(score - largest) : 0.0F;
      sum += score;
    }
    for (int lanes = 1; lanes < 4; lanes *= 2) sum += __shfl_xor_sync(0xffffffffU, sum, lanes);
    top = largest;
    total = total * shrink + sum;
    return shrink;
  }
};

/// Turns the scores of a tile of keys from `key` on into weights. Eight rows a warp, four lanes a row.
template <int kHead>
__device__ __forceinline__ void weigh(ForwardSpace<kHead>& space, RunningSoftmax& softmax, const KeyRange& seen,
                                      float scale, std::int64_t key) {
  const int row = static_cast<int>(threadIdx.x) / 4, first = static_cast<int>(threadIdx.x) % 4 * 8;
  float scores[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    scores[i] = seen.contains(key + first + i) ? space.scores[row][first + i] * scale : -INFINITY;
  }
  const float shrink = softmax.take(scores);
#pragma unroll
  for (int i = 0; i < 8; ++i) space.weights[row][first + i] = narrow<BFloat>(scores[i]);
  if (first == 0) space.factor[row] = shrink;
}

template <int kHead>
__global__ void __launch_bounds__(kMmaThreads)
    forward_kernel(AttentionSizes s, const QueryTile* tiles, const BFloat* q, const BFloat* k, const BFloat* v,
                   BFloat* result, float* lse) {
  auto& space = *dynamic_shared<ForwardSpace<kHead>>();
  const QueryTile tile = tiles[gridDim.x - 1 - blockIdx.x];  // those with many keys first
  const std::int64_t h = blockIdx.y, g = h / s.group();
  const std::int64_t query_stride = s.heads * s.head_dim, key_stride = s.kv_heads * s.head_dim;
  const std::int64_t begin = tile.seen(0, s.window).begin;
  const std::int64_t end = tile.seen(tile.query_count - 1, s.window).end;
  const std::int64_t own = tile.query_begin() * query_stride + h * s.head_dim;
  const std::int64_t theirs = tile.segment.key_begin * key_stride + g * s.head_dim;
  const int row = static_cast<int>(threadIdx.x) / 4;  // of which this thread has the softmax
  const KeyRange seen = row < tile.query_count ? tile.seen(row, s.window) : KeyRange{0, 0};
  const Place<kQueries> place;

  RunningSoftmax softmax;
  Sums<kQueries, kHead> sums;
  fetch<kQueries, kHead>(space.queries, q + own, query_stride, tile.query_count, s.head_dim);
  fetch<kOther, kHead>(space.keys, k + theirs + begin * key_stride, key_stride, end - begin, s.head_dim);
  commit_copies();
  for (std::int64_t key = begin; key < end; key += kOther) {
    wait_for_copies<0>();
    __syncthreads();  // the keys are there, and nobody needs the values before these
    fetch<kOther, kHead>(space.values, v + theirs + key * key_stride, key_stride, end - key, s.head_dim);
    commit_copies();
    Scores<kQueries> scores;
    add_products<kQueries, kHead>(scores, space.queries, space.keys, s.head_dim);
#pragma unroll
    for (int piece = 0; piece < Scores<kQueries>::kPieces; ++piece) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        space.scores[place.row_of(i)][Scores<kQueries>::column(place, piece, i)] = scores.of[piece][i];
      }
    }
    __syncthreads();  // all scores are there, and nobody needs the keys
    if (key + kOther < end) {
      fetch<kOther, kHead>(space.keys, k + theirs + (key + kOther) * key_stride, key_stride, end - key - kOther,
                           s.head_dim);
    }
    commit_copies();
    weigh(space, softmax, seen, static_cast<float>(s.scale), key);
    wait_for_copies<1>();
    __syncthreads();  // weights and values are there
    const float upper = space.factor[place.row_of(0)], lower = space.factor[place.row_of(2)];
#pragma unroll
    for (auto& piece : sums.of) {
      piece[0] *= upper;
      piece[1] *= upper;
      piece[2] *= lower;
      piece[3] *= lower;
    }
    add_weighted<kQueries, kHead>(sums, space.weights, space.values, s.head_dim);
  }
  wait_for_copies<0>();
  __syncthreads();  // nobody reads the factors of the last tile
  if (threadIdx.x % 4 == 0) {
    space.factor[row] = softmax.total == 0 ? 0.0F : 1 / softmax.total;
    if (row < tile.query_count) lse[(tile.query_begin() + row) * s.heads + h] = softmax.top + log(softmax.total);
  }
  __syncthreads();
  put_sums<kQueries, kHead>(sums, result + own, query_stride, tile.query_count, s.head_dim, false,
                            [&](int i) { return space.factor[i]; });
}

}  // namespace

bool can_use_mma(const ConstView& q, const ConstView& k, const ConstView& v) {
  const std::int64_t head_dim = q.shape[2];
  if (q.dtype != DType::bf16 || head_dim % 8 != 0 || head_dim > 512) return false;
  for (const void* data : {q.data, k.data, v.data}) {
    if (!is_aligned(data)) return false;
  }
  return head_dim <= 256 || runtime().shared_bytes >= static_cast<std::int64_t>(sizeof(ForwardSpace<512>));
}

void attention_mma_forward(Stream stream, const AttentionOptions& options, std::span<const AttentionSegment> segments,
                           ConstView q, ConstView k, ConstView v, View result, View lse) {
  const AttentionSizes s(options, q.shape, k.shape);
  const std::vector<QueryTile> tiles = query_tiles(segments, kQueries);
  if (tiles.empty()) return;
  const cudaStream_t queue = stream_of(stream);
  const Uploaded<QueryTile> device_tiles(queue, tiles);
  on_head(s.head_dim, [&](auto head) {
    constexpr int kHead = decltype(head)::value;
    const Grid grid{.blocks = dim3(static_cast<unsigned>(tiles.size()), static_cast<unsigned>(s.heads)),
                    .threads = kMmaThreads,
                    .shared_bytes = sizeof(ForwardSpace<kHead>)};
    launch("attention", q.shape, queue, grid, forward_kernel<kHead>, s, device_tiles.data(), in<BFloat>(q),
           in<BFloat>(k), in<BFloat>(v), out<BFloat>(result), out<float>(lse));
  });
}

}  // namespace eft::cuda
