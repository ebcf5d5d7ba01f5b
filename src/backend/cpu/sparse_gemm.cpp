#include "backend/cpu/sparse_gemm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/sparse_gemm.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/gemm_pack-inl.h"

#include <hwy/aligned_allocator.h>

#include <algorithm>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using cpu::GemmShape;
using cpu::Pattern;

/// Calls body(column, mask) for the vectors of a row; the mask has the elements that are not zero.
template <class T, class Body>
void for_each_mask(const T* row, std::int64_t columns, Body body) {
  const F32 d;
  for_each_vector(d, columns,
                  [&](std::int64_t c, std::size_t n) { body(c, hn::Ne(load_n(d, row + c, n), hn::Zero(d))); });
}

template <class T>
Pattern pattern_of_rows(const T* data, std::int64_t rows, std::int64_t columns) {
  constexpr std::int64_t kRowsPerTask = 8;
  const F32 d;
  const hn::RebindToSigned<F32> d32;
  Pattern pattern;
  pattern.starts.resize(static_cast<std::size_t>(rows) + 1);
  std::int64_t* const starts = pattern.starts.data();
  parallel_for(rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      std::int64_t count = 0;
      for_each_mask(data + r * columns, columns,
                    [&](std::int64_t, auto mask) { count += static_cast<std::int64_t>(hn::CountTrue(d, mask)); });
      starts[r + 1] = count;
    }
  });
  for (std::int64_t r = 0; r < rows; ++r) starts[r + 1] += starts[r];
  pattern.columns.resize(static_cast<std::size_t>(starts[rows]));
  parallel_for(rows, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      std::int32_t* to = pattern.columns.data() + starts[r];
      for_each_mask(data + r * columns, columns, [&](std::int64_t c, auto mask) {
        to += hn::CompressBlendedStore(hn::Iota(d32, static_cast<std::int32_t>(c)), hn::RebindMask(d32, mask), d32, to);
      });
    }
  });
  return pattern;
}

/// op(B), stored [n, k] when transposed, else [k, n].
template <class T>
struct Weight {
  const T* data;
  std::int64_t n, k;
  bool transposed;
};

// From a pattern: a tile of op(B) is packed, and each row of A adds its few rows of the tile in registers.

constexpr int kTileVectors = HWY_TARGET == HWY_AVX3 ? 16 : 8;
constexpr std::int64_t kTileColumns = kTileVectors * kLanes;
constexpr std::int64_t kTileDepth = 256;  // with kTileColumns a quarter of a megabyte
constexpr std::int64_t kTileRows = 512;   // over which packing is spread

struct TileScratch {
  hwy::AlignedFreeUniquePtr<float[]> weight = hwy::AllocateAligned<float>(kTileDepth * kTileColumns);
  hwy::AlignedFreeUniquePtr<float[]> sums = hwy::AllocateAligned<float>(kTileRows * kTileColumns);
  std::vector<std::size_t> next;  ///< of each row, its first element that has not been added

  TileScratch() : next(kTileRows) { std::fill_n(weight.get(), kTileDepth * kTileColumns, 0.0F); }
};

template <class T>
void pack_tile(const Weight<T>& b, std::int64_t k, std::int64_t depth, std::int64_t column, std::int64_t columns,
               float* to) {
  if (b.transposed) return copy_transposed(b.data + column * b.k + k, b.k, columns, depth, to, kTileColumns);
  copy_rows(b.data + k * b.n + column, b.n, depth, columns, to, kTileColumns, [](std::int64_t c) { return c; });
}

/// sums += Σ row[c]·tile[c − k] over the columns c of `taken`.
template <class T>
void add_rows_of_tile(std::span<const std::int32_t> taken, const T* row, const float* tile, std::int64_t k,
                      float* sums) {
  const F32 d;
  VF sum[kTileVectors];
#pragma GCC unroll 16
  for (int v = 0; v < kTileVectors; ++v) sum[v] = hn::Load(d, sums + v * kLanes);
  for (const std::int32_t c : taken) {
    const VF x = hn::Set(d, static_cast<float>(row[c]));
    const float* const from = tile + (c - k) * kTileColumns;
#pragma GCC unroll 16
    for (int v = 0; v < kTileVectors; ++v) sum[v] = hn::MulAdd(x, hn::Load(d, from + v * kLanes), sum[v]);
  }
#pragma GCC unroll 16
  for (int v = 0; v < kTileVectors; ++v) hn::Store(sum[v], d, sums + v * kLanes);
}

template <class TA, class TB, class TC>
void tile_from_pattern(const Pattern& of_a, const GemmShape& s, const TA* a, const Weight<TB>& b, TC* c,
                       std::int64_t row, std::int64_t rows, std::int64_t column) {
  thread_local TileScratch scratch;
  const F32 d;
  const std::int64_t columns = std::min(kTileColumns, s.n - column);
  std::fill_n(scratch.sums.get(), rows * kTileColumns, 0.0F);
  std::fill(scratch.next.begin(), scratch.next.end(), 0);
  for (std::int64_t k = 0; k < s.k; k += kTileDepth) {
    const std::int64_t end = std::min(s.k, k + kTileDepth);
    pack_tile(b, k, end - k, column, columns, scratch.weight.get());
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto left = of_a.row(row + r).subspan(scratch.next[static_cast<std::size_t>(r)]);
      const auto taken = left.first(static_cast<std::size_t>(
          std::lower_bound(left.begin(), left.end(), static_cast<std::int32_t>(end)) - left.begin()));
      scratch.next[static_cast<std::size_t>(r)] += taken.size();
      if (taken.empty()) continue;
      add_rows_of_tile(taken, a + (row + r) * s.k, scratch.weight.get(), k, scratch.sums.get() + r * kTileColumns);
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* const sums = scratch.sums.get() + r * kTileColumns;
    TC* const to = c + (row + r) * s.n + column;
    for_each_vector(d, columns,
                    [&](std::int64_t i, std::size_t n) { put_n(d, hn::Load(d, sums + i), to + i, n, s.accumulate); });
  }
}

template <class TA, class TB, class TC>
void from_pattern(const Pattern& of_a, const GemmShape& s, const TA* a, const Weight<TB>& b, TC* c) {
  const std::int64_t column_tiles = (s.n + kTileColumns - 1) / kTileColumns;
  std::int64_t row_tiles = (s.m + kTileRows - 1) / kTileRows;
  if (column_tiles * row_tiles < thread_count()) row_tiles = std::min<std::int64_t>(s.m, thread_count());
  parallel_for(column_tiles * row_tiles, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t i = t % row_tiles, row = s.m * i / row_tiles;
      tile_from_pattern(of_a, s, a, b, c, row, s.m * (i + 1) / row_tiles - row, t / row_tiles * kTileColumns);
    }
  });
}

// To a pattern: columns of op(B) are packed one after the other, and each row of A is multiplied with the few it needs.

constexpr std::int64_t kBlockElements = std::int64_t{1} << 18;  // of packed columns: a megabyte

/// Packed columns of op(B) and a row of A, each kLanes-padded with zeros.
struct DotScratch {
  std::vector<float> columns, row;
};

template <class T>
void pack_columns(const Weight<T>& b, std::int64_t column, std::int64_t columns, std::int64_t stride, float* to) {
  if (b.transposed) {
    copy_rows(b.data + column * b.k, b.k, columns, b.k, to, stride, [](std::int64_t c) { return c; });
  } else {
    copy_transposed(b.data + column, b.n, b.k, columns, to, stride);
  }
  for (std::int64_t c = 0; c < columns; ++c) std::fill(to + c * stride + b.k, to + (c + 1) * stride, 0.0F);
}

/// Row · column for `Count` columns; the two sums of each take turns over the depth.
template <int Count>
void dots(const float* HWY_RESTRICT row, const float* const* columns, std::int64_t stride, float* results) {
  const F32 d;
  VF even[Count], odd[Count];
#pragma GCC unroll 4
  for (int i = 0; i < Count; ++i) even[i] = odd[i] = hn::Zero(d);
  std::int64_t k = 0;
  for (; k + 2 * kLanes <= stride; k += 2 * kLanes) {
    const VF x = hn::LoadU(d, row + k), y = hn::LoadU(d, row + k + kLanes);
#pragma GCC unroll 4
    for (int i = 0; i < Count; ++i) {
      even[i] = hn::MulAdd(x, hn::LoadU(d, columns[i] + k), even[i]);
      odd[i] = hn::MulAdd(y, hn::LoadU(d, columns[i] + k + kLanes), odd[i]);
    }
  }
  if (k < stride) {
    for (int i = 0; i < Count; ++i) {
      even[i] = hn::MulAdd(hn::LoadU(d, row + k), hn::LoadU(d, columns[i] + k), even[i]);
    }
  }
  for (int i = 0; i < Count; ++i) results[i] = hn::GetLane(hn::SumOfLanes(d, hn::Add(even[i], odd[i])));
}

template <class T>
void put(float value, bool accumulate, T& to) {
  to = static_cast<T>(accumulate ? value + static_cast<float>(to) : value);
}

/// The elements of a row of C that `wanted` names, columns of it whose packed columns of op(B) begin at `first`.
template <class T>
void dots_of_row(std::span<const std::int32_t> wanted, const DotScratch& scratch, std::int64_t first, bool accumulate,
                 T* c) {
  constexpr std::size_t kMost = 4;
  using Dots = void (*)(const float*, const float* const*, std::int64_t, float*);
  static constexpr Dots kDots[kMost] = {dots<1>, dots<2>, dots<3>, dots<4>};
  const auto stride = static_cast<std::int64_t>(scratch.row.size());
  while (!wanted.empty()) {
    const auto some = wanted.first(std::min(wanted.size(), kMost));
    const float* columns[kMost];
    float results[kMost];
    for (std::size_t i = 0; i < some.size(); ++i) columns[i] = scratch.columns.data() + (some[i] - first) * stride;
    kDots[some.size() - 1](scratch.row.data(), columns, stride, results);
    for (std::size_t i = 0; i < some.size(); ++i) put(results[i], accumulate, c[some[i]]);
    wanted = wanted.subspan(some.size());
  }
}

template <class TA, class TB, class TC>
void to_pattern(const Pattern& of_c, const GemmShape& s, const TA* a, const Weight<TB>& b, TC* c) {
  const std::int64_t stride = (s.k + kLanes - 1) / kLanes * kLanes;
  const std::int64_t most = std::clamp<std::int64_t>(kBlockElements / std::max<std::int64_t>(stride, 1), 1, s.n);
  const std::int64_t blocks = (s.n + most - 1) / most;
  parallel_for(blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    thread_local DotScratch scratch;
    scratch.columns.resize(static_cast<std::size_t>(most * stride));
    scratch.row.assign(static_cast<std::size_t>(stride), 0.0F);
    for (std::int64_t block = begin; block < end; ++block) {
      const std::int64_t first = s.n * block / blocks, last = s.n * (block + 1) / blocks;
      pack_columns(b, first, last - first, stride, scratch.columns.data());
      for (std::int64_t r = 0; r < s.m; ++r) {
        if (!s.accumulate) std::fill(c + r * s.n + first, c + r * s.n + last, TC{});
        const auto all = of_c.row(r);
        const auto from = std::lower_bound(all.begin(), all.end(), static_cast<std::int32_t>(first));
        const auto to = std::lower_bound(from, all.end(), static_cast<std::int32_t>(last));
        if (from == to) continue;
        copy_rows(a + r * s.k, s.k, 1, s.k, scratch.row.data(), stride, [](std::int64_t i) { return i; });
        dots_of_row(std::span(from, to), scratch, first, s.accumulate, c + r * s.n);
      }
    }
  });
}

Pattern pattern_of_matrix(ConstView matrix) {
  Pattern pattern;
  on_float(matrix.dtype, [&](auto tag) {
    pattern = pattern_of_rows(matrix.as<decltype(tag)>(), matrix.shape.rows(), matrix.shape.columns());
  });
  return pattern;
}

/// Calls kernel(a, weight, c) with the operands' types.
template <class Kernel>
void with_types(const GemmShape& s, ConstView a, ConstView b, View c, Kernel kernel) {
  on_float(a.dtype, [&](auto of_a) {
    on_float(b.dtype, [&](auto of_b) {
      on_float(c.dtype, [&](auto of_c) {
        kernel(a.as<decltype(of_a)>(), Weight<decltype(of_b)>{b.as<decltype(of_b)>(), s.n, s.k, s.transpose_b},
               c.as<decltype(of_c)>());
      });
    });
  });
}

void multiply_from_pattern(const Pattern& of_a, const GemmShape& s, ConstView a, ConstView b, View c) {
  with_types(s, a, b, c, [&](auto x, auto weight, auto y) { from_pattern(of_a, s, x, weight, y); });
}

void multiply_to_pattern(const Pattern& of_c, const GemmShape& s, ConstView a, ConstView b, View c) {
  with_types(s, a, b, c, [&](auto x, auto weight, auto y) { to_pattern(of_c, s, x, weight, y); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
HWY_EXPORT(pattern_of_matrix);
HWY_EXPORT(multiply_from_pattern);
HWY_EXPORT(multiply_to_pattern);
namespace cpu {

Pattern pattern_of(ConstView matrix) { return HWY_DYNAMIC_DISPATCH(pattern_of_matrix)(matrix); }

void gemm_from_pattern(const Pattern& of_a, const GemmShape& shape, ConstView a, ConstView b, View c) {
  expect(!shape.transpose_a, "A as it is");
  HWY_DYNAMIC_DISPATCH(multiply_from_pattern)(of_a, shape, a, b, c);
}

void gemm_to_pattern(const Pattern& of_c, const GemmShape& shape, ConstView a, ConstView b, View c) {
  expect(!shape.transpose_a, "A as it is");
  HWY_DYNAMIC_DISPATCH(multiply_to_pattern)(of_c, shape, a, b, c);
}

}  // namespace cpu
}  // namespace eft
#endif
