#pragma once

#include "backend/cuda/mma.cuh"
#include "ops/attention/attention_tiles.cuh"

namespace eft::cuda {

// The kernels for bf16 on tensor cores. A block of eight warps owns a tile of rows: queries for the result and dq, keys
// for dk and dv. It walks over the other side in tiles of 32. Its scores are cut among the warps both ways, and so are
// its sums: each warp holds 16 rows of a part of the columns, so that heads of 512 fit into registers. In between,
// weights go through shared memory. Rows there lie 16 bytes further apart than they are long, against bank conflicts.
inline constexpr int kWarps = 8;
inline constexpr int kMmaThreads = kWarps * 32;
inline constexpr int kOther = 32;  ///< rows of the other side at a time
inline constexpr int kPad = 8;

using BFloat = __nv_bfloat16;

/// Rows of up to kHead columns in shared memory.
template <int kRows, int kHead>
using HeadRows = BFloat[kRows][kHead + kPad];

/// Weights of a tile of rows for the other side's.
template <int kRows>
using Weights = BFloat[kRows][kOther + kPad];

/// Starts to copy `count` rows, `stride` elements apart, and zeros beyond them and beyond head_dim columns.
template <int kRows, int kHead>
__device__ __forceinline__ void fetch(HeadRows<kRows, kHead>& to, const BFloat* from, std::int64_t stride,
                                      std::int64_t count, std::int64_t head_dim) {
  constexpr int kPieces = kHead / 8;
  for (int at = static_cast<int>(threadIdx.x); at < kRows * kPieces; at += kMmaThreads) {
    const int row = at / kPieces, column = at % kPieces * 8;
    const bool valid = row < count && column < head_dim;
    copy_async(&to[row][column], valid ? from + row * stride + column : from, valid);
  }
}

/// Where a warp works: its 16 rows and its part of the columns, of `kParts`.
template <int kRows>
struct Place {
  static constexpr int kParts = kWarps / (kRows / 16);
  int row, part, lane;

  __device__ Place() {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    row = warp / kParts * 16;
    part = warp % kParts;
    lane = static_cast<int>(threadIdx.x) % 32;
  }
  /// The row and column of element `i` of a 16 x 8 piece of a product that a lane holds.
  __device__ int row_of(int i) const { return row + lane / 4 + i / 2 * 8; }
  __device__ int column_of(int i) const { return lane % 4 * 2 + i % 2; }
};

/// Scores of a warp: 16 rows by 8 columns, kPieces times.
template <int kRows>
struct Scores {
  static constexpr int kPieces = kOther / 8 / Place<kRows>::kParts;
  float of[kPieces][4] = {};

  /// The column of element i of a piece, among the other side's rows.
  __device__ static int column(const Place<kRows>& place, int piece, int i) {
    return (place.part * kPieces + piece) * 8 + place.column_of(i);
  }
};

/// scores += mine·theirsᵀ.
template <int kRows, int kHead>
__device__ __forceinline__ void add_products(Scores<kRows>& scores, const HeadRows<kRows, kHead>& mine,
                                             const HeadRows<kOther, kHead>& theirs, std::int64_t head_dim) {
  const Place<kRows> place;
  const int row_in = place.lane % 8, matrix = place.lane / 8;
  for (int k = 0; k < head_dim; k += 32) {
    const BFloat* const own = &mine[place.row + row_in + matrix % 2 * 8][k + matrix / 2 * 8];
    const Matrices low = load_matrices(own), high = load_matrices(own + 16);
#pragma unroll
    for (int piece = 0; piece < Scores<kRows>::kPieces; ++piece) {
      const int other = (place.part * Scores<kRows>::kPieces + piece) * 8 + row_in;
      const Matrices b = load_matrices(&theirs[other][k + matrix * 8]);
      multiply_add(scores.of[piece], low, b.of[0], b.of[1]);
      multiply_add(scores.of[piece], high, b.of[2], b.of[3]);
    }
  }
}

/// Sums of a warp: 16 rows by its part of the head's columns.
template <int kRows, int kHead>
struct Sums {
  static constexpr int kPieces = kHead / 8 / Place<kRows>::kParts;
  float of[kPieces][4] = {};

  __device__ static int column(const Place<kRows>& place, int piece) { return (place.part * kPieces + piece) * 8; }
};

/// sums += weights·rows.
template <int kRows, int kHead>
__device__ __forceinline__ void add_weighted(Sums<kRows, kHead>& sums, const Weights<kRows>& weights,
                                             const HeadRows<kOther, kHead>& rows, std::int64_t head_dim) {
  const Place<kRows> place;
  const BFloat* const own = &weights[place.row + place.lane % 8 + place.lane / 8 % 2 * 8][place.lane / 16 * 8];
  const Matrices low = load_matrices(own), high = load_matrices(own + 16);
#pragma unroll
  for (int piece = 0; piece < Sums<kRows, kHead>::kPieces; ++piece) {
    const int column = Sums<kRows, kHead>::column(place, piece);
    if (column < head_dim) {
      const Matrices b = load_transposed(&rows[place.lane][column]);
      multiply_add(sums.of[piece], low, b.of[0], b.of[1]);
      multiply_add(sums.of[piece], high, b.of[2], b.of[3]);
    }
  }
}

/// to[row][column] = factor(row)·sum, or += when `accumulate`, for `count` rows, `stride` elements apart.
template <int kRows, int kHead, class Factor>
__device__ __forceinline__ void put_sums(const Sums<kRows, kHead>& sums, BFloat* to, std::int64_t stride,
                                         std::int64_t count, std::int64_t head_dim, bool accumulate, Factor factor) {
  const Place<kRows> place;
#pragma unroll
  for (int piece = 0; piece < Sums<kRows, kHead>::kPieces; ++piece) {
    const int first = Sums<kRows, kHead>::column(place, piece);
    if (first >= head_dim) continue;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int row = place.row_of(i);
      if (row >= count) continue;
      put(to + row * stride + first + place.column_of(i), sums.of[piece][i] * factor(row), accumulate);
    }
  }
}

/// Calls f with the columns that shared memory and registers are made for.
template <class F>
void on_head(std::int64_t head_dim, F&& f) {
  if (head_dim <= 128) {
    f(std::integral_constant<int, 128>{});
  } else if (head_dim <= 256) {
    f(std::integral_constant<int, 256>{});
  } else {
    f(std::integral_constant<int, 512>{});
  }
}

/// Whether the kernels on tensor cores can do a call: bf16, rows in whole pieces of 16 bytes, enough shared memory.
bool can_use_mma(const ConstView& q, const ConstView& k, const ConstView& v);

void attention_mma_forward(Stream stream, const AttentionOptions& options, std::span<const AttentionSegment> segments,
                           ConstView q, ConstView k, ConstView v, View result, View lse);

/// Like attention_backward, whose delta it takes as given.
void attention_mma_backward(Stream stream, const AttentionOptions& options, std::span<const AttentionSegment> segments,
                            const AttentionGradients& gradients);

}  // namespace eft::cuda
