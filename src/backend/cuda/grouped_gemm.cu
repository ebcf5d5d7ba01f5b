// Products of groups of rows in one launch: bf16 on tensor cores, with the groups' offsets read on the device. What
// does not fit (other dtypes, rows that are no whole pieces of 16 bytes) is one product for each group, by cuBLASLt.
#include "backend/cuda/gemm.cuh"
#include "backend/cuda/lanes.cuh"
#include "backend/cuda/mma.cuh"

namespace eft::cuda {
namespace {

constexpr int kTile = 128;  ///< rows and columns of a block
constexpr int kDepth = 32;  ///< of the sums at a time
constexpr int kStages = 3;  ///< of operands in shared memory, two of which are on their way
constexpr int kThreadsOfTile = 256;
constexpr int kPad = 8;
constexpr int kMostGroups = 1024;
constexpr std::int64_t kMostTiles = 65535;  ///< along an axis of a grid
constexpr int kWarpRows = 32, kWarpColumns = 64;

using BFloat = __nv_bfloat16;

/// A stage of one operand: its rows, or when `kTurned` the rows of its transpose.
template <bool kTurned>
struct Stage {
  static constexpr int kRows = kTurned ? kDepth : kTile, kColumns = kTurned ? kTile : kDepth;
  BFloat of[kRows][kColumns + kPad];
};

template <bool kTurnedA, bool kTurnedB>
struct ProductSpace {
  Stage<kTurnedA> a[kStages];
  Stage<kTurnedB> b[kStages];
  std::int32_t offsets[kMostGroups + 1];
};

/// A matrix from its first element on: rows `stride` elements apart, of which `rows` and `columns` count.
struct Operand {
  const BFloat* data;
  std::int64_t stride, rows, columns;
};

/// Starts to copy the depths from `depth` on, and zeros beyond the operand.
template <bool kTurned>
__device__ __forceinline__ void fetch(Stage<kTurned>& to, const Operand& from, std::int64_t depth) {
  constexpr int kPieces = Stage<kTurned>::kColumns / 8;
  const std::int64_t first_row = kTurned ? depth : 0, first_column = kTurned ? 0 : depth;
  for (int at = static_cast<int>(threadIdx.x); at < Stage<kTurned>::kRows * kPieces; at += kThreadsOfTile) {
    const int row = at / kPieces, column = at % kPieces * 8;
    const bool valid = first_row + row < from.rows && first_column + column < from.columns;
    const BFloat* const source = from.data + (first_row + row) * from.stride + first_column + column;
    copy_async(&to.of[row][column], valid ? source : from.data, valid);
  }
}

/// Rows [row, row + 16) at depths [depth, depth + 16).
template <bool kTurned>
__device__ __forceinline__ Matrices left(const Stage<kTurned>& a, int row, int depth) {
  const int lane = static_cast<int>(threadIdx.x) % 32, line = lane % 8, below = lane / 8 % 2 * 8,
            deeper = lane / 16 * 8;
  if constexpr (kTurned) {
    return load_transposed(&a.of[depth + deeper + line][row + below]);
  } else {
    return load_matrices(&a.of[row + below + line][depth + deeper]);
  }
}

/// Columns [column, column + 8) at all depths of a stage.
template <bool kTurned>
__device__ __forceinline__ Matrices right(const Stage<kTurned>& b, int column) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if constexpr (kTurned) {
    return load_transposed(&b.of[lane][column]);
  } else {
    return load_matrices(&b.of[column + lane % 8][lane / 8 * 8]);
  }
}

/// What a warp sums: 32 rows by 64 columns of the block's tile.
struct TileSums {
  float of[kWarpRows / 16][kWarpColumns / 8][4] = {};
  int row, column;

  __device__ TileSums() {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    row = warp / 2 * kWarpRows;
    column = warp % 2 * kWarpColumns;
  }
};

template <bool kTurnedA, bool kTurnedB>
__device__ __forceinline__ void add_stage(TileSums& sums, const Stage<kTurnedA>& a, const Stage<kTurnedB>& b) {
  Matrices low[kWarpRows / 16], high[kWarpRows / 16];
#pragma unroll
  for (int i = 0; i < kWarpRows / 16; ++i) {
    low[i] = left(a, sums.row + i * 16, 0);
    high[i] = left(a, sums.row + i * 16, 16);
  }
#pragma unroll
  for (int j = 0; j < kWarpColumns / 8; ++j) {
    const Matrices other = right(b, sums.column + j * 8);
#pragma unroll
    for (int i = 0; i < kWarpRows / 16; ++i) {
      multiply_add(sums.of[i][j], low[i], other.of[0], other.of[1]);
      multiply_add(sums.of[i][j], high[i], other.of[2], other.of[3]);
    }
  }
}

template <bool kTurnedA, bool kTurnedB>
__device__ __forceinline__ void multiply_tile(ProductSpace<kTurnedA, kTurnedB>& space, TileSums& sums, const Operand& a,
                                              const Operand& b, std::int64_t depth) {
  const auto fetch_stage = [&](std::int64_t step) {
    if (step * kDepth < depth) {
      fetch(space.a[step % kStages], a, step * kDepth);
      fetch(space.b[step % kStages], b, step * kDepth);
    }
    commit_copies();
  };
  for (int step = 0; step < kStages - 1; ++step) fetch_stage(step);
  for (std::int64_t step = 0; step * kDepth < depth; ++step) {
    wait_for_copies<kStages - 2>();
    __syncthreads();  // the stage is there, and nobody needs the one before
    fetch_stage(step + kStages - 1);
    add_stage(sums, space.a[step % kStages], space.b[step % kStages]);
  }
  wait_for_copies<0>();
}

/// Where a product goes and how.
template <class T>
struct Target {
  T* data;
  std::int64_t rows, columns;  ///< that count, from `data` on; rows stand `stride` apart
  std::int64_t stride;
  float alpha;
  bool accumulate;
};

template <class T>
__device__ __forceinline__ void put_tile(const TileSums& sums, const Target<T>& to) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int i = 0; i < kWarpRows / 16; ++i) {
#pragma unroll
    for (int j = 0; j < kWarpColumns / 8; ++j) {
#pragma unroll
      for (int at = 0; at < 4; ++at) {
        const int row = sums.row + i * 16 + lane / 4 + at / 2 * 8, column = sums.column + j * 8 + lane % 4 * 2 + at % 2;
        if (row >= to.rows || column >= to.columns) continue;
        put(to.data + row * to.stride + column, sums.of[i][j][at] * to.alpha, to.accumulate);
      }
    }
  }
}

struct GroupSizes {
  const std::int32_t* offsets;
  std::int64_t groups, n, k;
};

/// Tile blockIdx.y of the tiles of all groups, laid end to end: y = alpha·x·op(weight[g]).
template <class T, bool kTransposed>
__global__ void __launch_bounds__(kThreadsOfTile)
    rows_of_groups_kernel(GroupSizes s, const BFloat* x, const BFloat* weight, T* y, float alpha, bool accumulate) {
  auto& space = *dynamic_shared<ProductSpace<false, kTransposed>>();
  for (std::int64_t g = threadIdx.x; g <= s.groups; g += kThreadsOfTile) space.offsets[g] = s.offsets[g];
  __syncthreads();
  std::int64_t tile = blockIdx.y, g = 0;
  for (; g < s.groups; ++g) {
    const std::int64_t tiles = (space.offsets[g + 1] - space.offsets[g] + kTile - 1) / kTile;
    if (tile < tiles) break;
    tile -= tiles;
  }
  if (g == s.groups) return;  // there are fewer tiles than the most that there could be
  const std::int64_t row = space.offsets[g] + tile * kTile, rows = space.offsets[g + 1] - row;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kTile;
  const BFloat* const own = weight + g * s.n * s.k;
  const Operand a{x + row * s.k, s.k, rows, s.k};
  const Operand b =
      kTransposed ? Operand{own + column, s.n, s.k, s.n - column} : Operand{own + column * s.k, s.k, s.n - column, s.k};
  TileSums sums;
  multiply_tile(space, sums, a, b, s.k);
  put_tile(sums, Target<T>{y + row * s.n + column, rows, s.n - column, s.n, alpha, accumulate});
}

/// dweight[g] = dyᵀ·x over the rows of group g = blockIdx.z.
template <class T>
__global__ void __launch_bounds__(kThreadsOfTile)
    weights_of_groups_kernel(GroupSizes s, const BFloat* dy, const BFloat* x, T* dweight, bool accumulate) {
  auto& space = *dynamic_shared<ProductSpace<true, true>>();
  const std::int64_t g = blockIdx.z, begin = s.offsets[g], rows = s.offsets[g + 1] - begin;
  if (rows == 0 && accumulate) return;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.y) * kTile,
                     column = static_cast<std::int64_t>(blockIdx.x) * kTile;
  TileSums sums;
  multiply_tile(space, sums, Operand{dy + begin * s.n + row, s.n, rows, s.n - row},
                Operand{x + begin * s.k + column, s.k, rows, s.k - column}, rows);
  put_tile(sums, Target<T>{dweight + (g * s.n + row) * s.k + column, s.n - row, s.k - column, s.k, 1.0F, accumulate});
}

bool fits(const Groups& groups, ConstView a, ConstView b, ConstView c, std::int64_t n, std::int64_t k) {
  return a.dtype == DType::bf16 && b.dtype == DType::bf16 && (c.dtype == DType::bf16 || c.dtype == DType::f32) &&
         n % 8 == 0 && k % 8 == 0 && groups.count() <= kMostGroups && is_aligned(a.data) && is_aligned(b.data);
}

std::int64_t tiles_of(std::int64_t extent) { return (extent + kTile - 1) / kTile; }

unsigned narrow_count(std::int64_t count) { return static_cast<unsigned>(count); }

template <class F>
void on_result(DType dtype, F&& f) {
  dtype == DType::bf16 ? f(BFloat{}) : f(float{});
}

GroupSizes sizes_of(const Groups& groups, std::int64_t n, std::int64_t k) {
  return {in<std::int32_t>(groups.offsets()), groups.count(), n, k};
}

template <class T, bool kTransposed>
void launch_rows(Stream stream, const Groups& groups, const GroupedProduct& product, ConstView x, ConstView weight,
                 View y) {
  const std::int64_t k = x.shape[1], n = y.shape[1];
  const std::int64_t most_tiles = x.shape[0] / kTile + std::min(groups.count(), x.shape[0]);
  launch("grouped product", y.shape, stream_of(stream),
         {.blocks = dim3(narrow_count(tiles_of(n)), narrow_count(most_tiles)),
          .threads = kThreadsOfTile,
          .shared_bytes = sizeof(ProductSpace<false, kTransposed>)},
         rows_of_groups_kernel<T, kTransposed>, sizes_of(groups, n, k), in<BFloat>(x), in<BFloat>(weight), out<T>(y),
         static_cast<float>(product.alpha), product.accumulate);
}

}  // namespace

bool grouped_gemm_mma(Stream stream, const Groups& groups, const GroupedProduct& product, ConstView x, ConstView weight,
                      View y) {
  const std::int64_t k = x.shape[1], n = y.shape[1];
  if (!fits(groups, x, weight, y, n, k) || x.shape[0] / kTile + groups.count() > kMostTiles) return false;
  if (x.shape[0] == 0) return true;
  on_result(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    product.transposed ? launch_rows<T, true>(stream, groups, product, x, weight, y)
                       : launch_rows<T, false>(stream, groups, product, x, weight, y);
  });
  return true;
}

bool grouped_gemm_weight_mma(Stream stream, const Groups& groups, ConstView dy, ConstView x, View dweight,
                             bool accumulate) {
  const std::int64_t n = dy.shape[1], k = x.shape[1];
  if (!fits(groups, dy, x, dweight, n, k)) return false;
  on_result(dweight.dtype, [&](auto tag) {
    using T = decltype(tag);
    launch("grouped weight gradient", dweight.shape, stream_of(stream),
           {.blocks = dim3(narrow_count(tiles_of(k)), narrow_count(tiles_of(n)), narrow_count(groups.count())),
            .threads = kThreadsOfTile,
            .shared_bytes = sizeof(ProductSpace<true, true>)},
           weights_of_groups_kernel<T>, sizes_of(groups, n, k), in<BFloat>(dy), in<BFloat>(x), out<T>(dweight),
           accumulate);
  });
  return true;
}

}  // namespace eft::cuda
