#include "backend/cpu/gemm_packed.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gemm_packed.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/gemm_pack-inl.h"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/parallel.h"

// The scheme is that of GotoBLAS and BLIS (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication",
// 2008): a block of A stays in the second cache, a panel of B in the first, and a few rows times a panel in registers.
// Sums run over the depth in an order that depends on the depth alone.

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using cpu::GemmShape;
using cpu::GemmTerm;

constexpr int kVectors = 2;  // of a panel's row
constexpr std::int64_t kPanelColumns = kVectors * kLanes;
constexpr int kRegisterRows = HWY_TARGET == HWY_AVX3 ? 14 : 6;  // with two vectors each: what the registers hold
constexpr std::int64_t kMostDepth = 352;                        // of a stretch: a panel fits the first cache
constexpr std::int64_t kDepthStep = 32;                         // stretches are multiples of it, for whole vectors
constexpr std::int64_t kBlockStride = kMostDepth + 16;          // rows of a block fall into different sets of the cache
constexpr std::int64_t kMostRows = 512;                         // of a block: 0.7 MB
constexpr std::int64_t kMostColumns = 768;                      // of a tile of C
constexpr std::int64_t kSumsStride = kMostColumns + 16;
constexpr std::int64_t kPanel = kMostDepth * kPanelColumns;
constexpr std::int64_t kStrip = 4 * kPanelColumns;  // columns of B that are packed at a time

/// Element (r, c) of op(X) is data[r·stride + c], or data[c·stride + r] when `transposed`.
struct Operand {
  const void* data;
  DType dtype;
  std::int64_t stride;
  bool transposed;
  const WeightView* codes = nullptr;  ///< of which the elements are the values, where it is kept packed
};

/// Block of op(A) from (row, k) on, kBlockStride a row.
void pack_block(const Operand& a, std::int64_t row, std::int64_t k, std::int64_t rows, std::int64_t depth, float* to) {
  on_float(a.dtype, [&](auto tag) {
    const auto* const data = static_cast<const decltype(tag)*>(a.data);
    if (a.transposed) return copy_transposed(data + k * a.stride + row, a.stride, depth, rows, to, kBlockStride);
    copy_rows(data + row * a.stride + k, a.stride, rows, depth, to, kBlockStride, [](std::int64_t c) { return c; });
  });
}

/// Where column c of a strip goes, in the first row of its panel.
std::int64_t place_in_strip(std::int64_t c) { return c / kPanelColumns * kPanel + c % kPanelColumns; }

/// pack_strip() of a matrix that is kept as codes: its values are unpacked on the way.
void unpack_strip(const Operand& b, std::int64_t k, std::int64_t column, std::int64_t depth, std::int64_t columns,
                  float* to) {
  HWY_ALIGN float values[kMostDepth * kPanelColumns];
  if (!b.transposed) {
    for (std::int64_t r = 0; r < depth; ++r) {
      unpack(*b.codes, k + r, column, columns, values);
      copy_rows(values, columns, 1, columns, to + r * kPanelColumns, kPanelColumns, place_in_strip);
    }
    return;
  }
  for (std::int64_t c = 0; c < columns; c += kPanelColumns, to += kPanel) {
    const std::int64_t width = std::min(kPanelColumns, columns - c);
    for (std::int64_t r = 0; r < width; ++r) unpack(*b.codes, column + c + r, k, depth, values + r * depth);
    copy_transposed(values, depth, width, depth, to, kPanelColumns);
  }
}

/// Strip of op(B) from (k, column) on: panels one after the other, kPanelColumns a row.
void pack_strip(const Operand& b, std::int64_t k, std::int64_t column, std::int64_t depth, std::int64_t columns,
                float* to) {
  if (b.codes != nullptr) return unpack_strip(b, k, column, depth, columns, to);
  on_float(b.dtype, [&](auto tag) {
    const auto* const data = static_cast<const decltype(tag)*>(b.data);
    if (!b.transposed) {
      return copy_rows(data + k * b.stride + column, b.stride, depth, columns, to, kPanelColumns, place_in_strip);
    }
    for (std::int64_t c = 0; c < columns; c += kPanelColumns, to += kPanel) {
      const std::int64_t width = std::min(kPanelColumns, columns - c);
      copy_transposed(data + (column + c) * b.stride + k, b.stride, width, depth, to, kPanelColumns);
    }
  });
}

/// Where a panel's sums go: added up in f32 from stretch to stretch, into C after the last.
struct Sink {
  float* sums;  ///< of this panel, kSumsStride a row
  bool first;   ///< stretch of the depth: nothing to add to
  View c;       ///< of this panel, after the last stretch; else empty
  std::int64_t c_stride;
  bool accumulate;  ///< into C
  std::int64_t columns;
};

/// Puts rows of sums into C, from row `row` of the panel on.
template <class T>
void put_rows(const Sink& sink, std::int64_t row, std::int64_t rows) {
  const F32 d;
  for (std::int64_t r = row; r < row + rows; ++r) {
    const float* const from = sink.sums + r * kSumsStride;
    T* const to = sink.c.as<T>() + r * sink.c_stride;
    for_each_vector(d, sink.columns, [&](std::int64_t c, std::size_t n) {
      put_n(d, hn::Load(d, from + c), to + c, n, sink.accumulate);
    });
  }
}

/// Rows × Vectors·kLanes sums over the depth: a has kBlockStride a row, b kPanelColumns.
template <int Rows, int Vectors>
void multiply_registers(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t depth, const Sink& sink,
                        std::int64_t row) {
  const F32 d;
  VF sums[Rows][Vectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      sums[r][v] = hn::Zero(d);
      __builtin_prefetch(sink.sums + (row + r) * kSumsStride + v * kLanes, 1);
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    VF y[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) y[v] = hn::LoadU(d, b + k * kPanelColumns + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const VF x = hn::Set(d, a[r * kBlockStride + k]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sums[r][v] = hn::MulAdd(x, y[v], sums[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      float* const to = sink.sums + (row + r) * kSumsStride + v * kLanes;
      hn::Store(sink.first ? sums[r][v] : hn::Add(sums[r][v], hn::Load(d, to)), d, to);
    }
  }
  if (!sink.c) return;
  sink.c.dtype == DType::f32 ? put_rows<float>(sink, row, Rows) : put_rows<BFloat16>(sink, row, Rows);
}

using RegisterKernel = void (*)(const float*, const float*, std::int64_t, const Sink&, std::int64_t);

template <int Vectors, int... Rows>
RegisterKernel kernel_of(std::int64_t rows, std::integer_sequence<int, Rows...>) {
  static constexpr RegisterKernel kKernels[] = {multiply_registers<Rows + 1, Vectors>...};
  return kKernels[rows - 1];
}

RegisterKernel kernel_of(std::int64_t rows, std::int64_t columns) {
  constexpr auto kRows = std::make_integer_sequence<int, kRegisterRows>();
  return columns > kLanes ? kernel_of<2>(rows, kRows) : kernel_of<1>(rows, kRows);
}

/// What a thread keeps for its tiles.
struct TileScratch {
  hwy::AlignedFreeUniquePtr<float[]> block = hwy::AllocateAligned<float>(kMostRows * kBlockStride);
  hwy::AlignedFreeUniquePtr<float[]> strip = hwy::AllocateAligned<float>(kStrip / kPanelColumns * kPanel);
  hwy::AlignedFreeUniquePtr<float[]> sums = hwy::AllocateAligned<float>(kMostRows * kSumsStride);
};

/// A sum of products. Their depths are one axis, one term behind the other.
class Product {
 public:
  Product(const GemmShape& shape, std::span<const GemmTerm> terms, View c) : shape_(shape), c_(c) {
    for (const GemmTerm& term : terms) {
      terms_.push_back({{term.a.data, term.a.dtype, shape.transpose_a ? shape.m : term.k, shape.transpose_a},
                        {term.b.data.data, term.b.dtype, shape.transpose_b ? term.k : shape.n, shape.transpose_b,
                         term.b.packed != nullptr ? &term.b : nullptr},
                        depth_,
                        depth_ + term.k});
      depth_ += term.k;
    }
    steps_ = (depth_ + kDepthStep - 1) / kDepthStep;
    constexpr std::int64_t kMostSteps = kMostDepth / kDepthStep;
    stretches_ = std::max<std::int64_t>(1, (steps_ + kMostSteps - 1) / kMostSteps);
  }

  /// Rows [row, row + rows) and columns [column, column + columns) of C.
  void tile(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const {
    thread_local TileScratch scratch;
    for (std::int64_t stretch = 0; stretch < stretches_; ++stretch) {
      for_each_part(stretch, [&](const Term& term, std::int64_t k, std::int64_t depth, std::int64_t at) {
        pack_block(term.a, row, k, rows, depth, scratch.block.get() + at);
      });
      for (std::int64_t j = 0; j < columns; j += kStrip) {
        const std::int64_t width = std::min(kStrip, columns - j);
        for_each_part(stretch, [&](const Term& term, std::int64_t k, std::int64_t depth, std::int64_t at) {
          pack_strip(term.b, k, column + j, depth, width, scratch.strip.get() + at * kPanelColumns);
        });
        for (std::int64_t i = 0; i < width; i += kPanelColumns) {
          panel(scratch, stretch, rows, i,
                sink_for(scratch, stretch, row, column, j + i, std::min(kPanelColumns, width - i)));
        }
      }
    }
  }

 private:
  struct Term {
    Operand a, b;
    std::int64_t begin, end;  ///< in the common depth
  };

  /// Stretches of the depth as even as whole steps allow.
  std::int64_t start_of(std::int64_t stretch) const {
    return std::min(depth_, steps_ * stretch / stretches_ * kDepthStep);
  }

  /// Calls body(term, k, depth, at) for the part of each term in a stretch: from its own depth k on, packed at `at`.
  template <class Body>
  void for_each_part(std::int64_t stretch, Body body) const {
    const std::int64_t begin = start_of(stretch), end = start_of(stretch + 1);
    for (const Term& term : terms_) {
      const std::int64_t from = std::max(begin, term.begin), to = std::min(end, term.end);
      if (from < to) body(term, from - term.begin, to - from, from - begin);
    }
  }

  Sink sink_for(const TileScratch& scratch, std::int64_t stretch, std::int64_t row, std::int64_t column, std::int64_t j,
                std::int64_t width) const {
    Sink sink{scratch.sums.get() + j, stretch == 0, {}, shape_.n, shape_.accumulate, width};
    if (stretch + 1 < stretches_) return sink;
    sink.c = c_;
    sink.c.data = c_.as<char>() + static_cast<std::size_t>(row * shape_.n + column + j) * size_of(c_.dtype);
    return sink;
  }

  /// All rows of the block times panel `i` of the strip, in groups of rows as even as possible.
  void panel(const TileScratch& scratch, std::int64_t stretch, std::int64_t rows, std::int64_t i,
             const Sink& sink) const {
    const std::int64_t depth = start_of(stretch + 1) - start_of(stretch);
    const std::int64_t groups = (rows + kRegisterRows - 1) / kRegisterRows;
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t begin = rows * g / groups, end = rows * (g + 1) / groups;
      kernel_of(end - begin, sink.columns)(scratch.block.get() + begin * kBlockStride,
                                           scratch.strip.get() + i / kPanelColumns * kPanel, depth, sink, begin);
    }
  }

  GemmShape shape_;
  View c_;
  std::vector<Term> terms_;
  std::int64_t depth_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t stretches_ = 1;
};

/// A grid of tiles: so many along the rows and along the columns.
struct Grid {
  std::int64_t rows;
  std::int64_t columns;
};

std::int64_t parts_of(std::int64_t size, std::int64_t most) { return (size + most - 1) / most; }

/// The grid that wastes least: a tile packs its own block of A and panels of B, and the last round of tiles may leave
/// threads without work. It changes no sum.
Grid choose_grid(const GemmShape& s, std::int64_t threads) {
  constexpr double kPackA = 12, kPackB = 16;  // cost of packing an element, in products of one pair of elements
  Grid best{};
  double least = 0;
  const std::int64_t row_parts = parts_of(s.m, kMostRows), column_parts = parts_of(s.n, kMostColumns);
  for (std::int64_t i = row_parts; i <= row_parts + threads && i <= s.m; ++i) {
    for (std::int64_t j = column_parts;
         j <= column_parts + 2 * threads && (j == column_parts || j <= s.n / kPanelColumns); ++j) {
      const double rows = static_cast<double>(s.m) / static_cast<double>(i);
      const double columns = static_cast<double>(s.n) / static_cast<double>(j);
      const auto rounds = static_cast<double>((i * j + threads - 1) / threads);
      const double cost = rounds * (rows * columns + kPackA * rows + kPackB * columns);
      if (best.rows == 0 || cost < least) {
        best = {i, j};
        least = cost;
      }
    }
  }
  return best;
}

void multiply_all(const GemmShape& s, std::span<const GemmTerm> terms, View c) {
  const Product product(s, terms, c);
  const Grid grid = choose_grid(s, thread_count());
  const std::int64_t panels = parts_of(s.n, kPanelColumns);
  parallel_for(grid.rows * grid.columns, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t i = t % grid.rows, j = t / grid.rows;
      const std::int64_t row = s.m * i / grid.rows, row_end = s.m * (i + 1) / grid.rows;
      const std::int64_t column = panels * j / grid.columns * kPanelColumns;
      const std::int64_t column_end = std::min(s.n, panels * (j + 1) / grid.columns * kPanelColumns);
      product.tile(row, row_end - row, column, column_end - column);
    }
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
HWY_EXPORT(multiply_all);
namespace cpu {

void gemm_packed(const GemmShape& shape, std::span<const GemmTerm> terms, View c) {
  HWY_DYNAMIC_DISPATCH(multiply_all)(shape, terms, c);
}

}  // namespace cpu
}  // namespace eft
#endif
