#pragma once

#include "backend/cuda/rows.cuh"
#include "ops/attention/attention.h"

namespace eft::cuda {

// A block of eight warps owns a tile of 32 rows, four a warp: queries for the result and dq, keys for dk and dv. It
// walks over the other side in tiles of 32, one for each lane, so that no score leaves the registers.
inline constexpr int kTile = 32;
inline constexpr int kRowsPerWarp = 4;
inline constexpr int kTileThreads = kTile / kRowsPerWarp * 32;

/// Columns of a tile that lie in shared memory at a time, and the distance of its rows there, odd against bank
/// conflicts.
template <class A>
inline constexpr int kChunk = 256 / static_cast<int>(sizeof(A));
template <class A>
inline constexpr int kStride = kChunk<A> + 1;
template <class A>
using SharedTile = A[kTile][kStride<A>];

/// Extents and options of one call, by value for a kernel.
struct AttentionSizes {
  std::int64_t heads, kv_heads, head_dim, window;
  double scale;

  AttentionSizes(const AttentionOptions& options, const Shape& q, const Shape& k)
      : heads(q[1]), kv_heads(k[1]), head_dim(q[2]), window(options.window), scale(options.scale) {}
  __host__ __device__ std::int64_t group() const { return heads / kv_heads; }
};

/// Consecutive queries of a segment, the first its query `first`.
struct QueryTile {
  AttentionSegment segment;
  std::int64_t first, query_count;

  __host__ __device__ std::int64_t query_begin() const { return segment.query_begin + first; }
  /// The keys that query i of the tile sees, counted from the segment's first.
  __host__ __device__ KeyRange seen(std::int64_t i, std::int64_t window) const {
    return visible_keys(segment, window, first + i);
  }
};
/// All queries in tiles of at most `rows`.
std::vector<QueryTile> query_tiles(std::span<const AttentionSegment> segments, std::int64_t rows = kTile);

/// Consecutive keys and the segments [first, last) that have them; none for keys outside all.
struct KeyTile {
  std::int64_t key_begin, key_count, first, last;
};
std::vector<KeyTile> key_tiles(std::span<const AttentionSegment> segments, std::int64_t keys);

/// Columns [column, column + kChunk) of `rows` rows, `stride` elements apart, into shared memory; zeros beyond.
template <class T>
__device__ __forceinline__ void stage(SharedTile<Sum<T>>& to, const T* from, std::int64_t stride, std::int64_t rows,
                                      std::int64_t column, std::int64_t head_dim) {
  constexpr int kColumns = kChunk<Sum<T>>;
  for (int at = static_cast<int>(threadIdx.x); at < kTile * kColumns; at += kTileThreads) {
    const int row = at / kColumns, c = at % kColumns;
    to[row][c] = row < rows && column + c < head_dim ? widen(from[row * stride + column + c]) : Sum<T>(0);
  }
}

/// products[r] += mine[own row r] · theirs[lane] over one chunk.
template <class A>
__device__ __forceinline__ void add_products(A (&products)[kRowsPerWarp], const SharedTile<A>& mine,
                                             const SharedTile<A>& theirs) {
  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll 8
  for (int c = 0; c < kChunk<A>; ++c) {
    const A other = theirs[lane][c];
#pragma unroll
    for (int r = 0; r < kRowsPerWarp; ++r) products[r] += mine[warp * kRowsPerWarp + r][c] * other;
  }
}

/// Sums of four rows over the head, of which a lane holds every 32nd column.
template <class A, int kColumns>
using RowSums = A[kRowsPerWarp][kColumns];

/// sums[r] += Σ_i weights[r] of lane i · rows[i], for the columns of chunk `chunk`.
template <class A, int kColumns>
__device__ __forceinline__ void add_weighted(RowSums<A, kColumns>& sums, const A (&weights)[kRowsPerWarp],
                                             const SharedTile<A>& rows, int chunk) {
  constexpr int kPerChunk = kChunk<A> / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll 4
  for (int i = 0; i < kTile; ++i) {
    A weight[kRowsPerWarp];
#pragma unroll
    for (int r = 0; r < kRowsPerWarp; ++r) weight[r] = __shfl_sync(0xffffffffU, weights[r], i);
#pragma unroll
    for (int part = 0; part < kPerChunk; ++part) {
      const A value = rows[i][part * 32 + lane];
#pragma unroll
      for (int r = 0; r < kRowsPerWarp; ++r) sums[r][chunk * kPerChunk + part] += weight[r] * value;
    }
  }
}

/// add_weighted over all chunks of rows that lie in global memory.
template <class T, int kColumns>
__device__ __forceinline__ void add_weighted_rows(RowSums<Sum<T>, kColumns>& sums,
                                                  const Sum<T> (&weights)[kRowsPerWarp], SharedTile<Sum<T>>& space,
                                                  const T* from, std::int64_t stride, std::int64_t rows,
                                                  std::int64_t head_dim) {
  constexpr int kWidth = kChunk<Sum<T>>;
#pragma unroll
  for (int chunk = 0; chunk < kColumns * 32 / kWidth; ++chunk) {
    if (chunk * kWidth < head_dim) {
      __syncthreads();
      stage(space, from, stride, rows, chunk * kWidth, head_dim);
      __syncthreads();
      add_weighted<Sum<T>, kColumns>(sums, weights, space, chunk);
    }
  }
}

/// to[column] = factor·sum, or += when `accumulate`, for the columns that the lane holds.
template <class T, int kColumns>
__device__ __forceinline__ void put_row(const Sum<T> (&sums)[kColumns], Sum<T> factor, T* to, std::int64_t head_dim,
                                        bool accumulate) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int j = 0; j < kColumns; ++j) {
    if (j * 32 + lane < head_dim) put(to + j * 32 + lane, sums[j] * factor, accumulate);
  }
}

/// Calls f with the number of columns that a lane holds, as a constant.
template <class F>
void on_columns(std::int64_t head_dim, F&& f) {
  expect(head_dim <= 512, "heads of at most 512");
  if (head_dim <= 256) {
    f(std::integral_constant<int, 8>{});
  } else {
    f(std::integral_constant<int, 16>{});
  }
}

/// Operands of a backward pass.
struct AttentionGradients {
  ConstView q, k, v, out, lse, dout;
  GradView dq, dk, dv;
  View delta;  ///< [queries, heads] in the accumulator's dtype
};

/// The gradients for q, k and v that are wanted.
void attention_backward(Stream stream, const AttentionOptions& options, std::span<const AttentionSegment> segments,
                        const AttentionGradients& gradients);

}  // namespace eft::cuda
