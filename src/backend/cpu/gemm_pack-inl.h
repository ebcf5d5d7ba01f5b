// Packing of matrices into the order in which gemm_packed.cpp reads them. Included once per target.
#if defined(EFT_BACKEND_CPU_GEMM_PACK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_BACKEND_CPU_GEMM_PACK_INL_H_
#undef EFT_BACKEND_CPU_GEMM_PACK_INL_H_
#else
#define EFT_BACKEND_CPU_GEMM_PACK_INL_H_
#endif

#include <utility>

#include "backend/cpu/simd-inl.h"
#include "base/error.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using F32 = hn::ScalableTag<float>;
using U32 = hn::ScalableTag<std::uint32_t>;
using VF = hn::Vec<F32>;
using VU = hn::Vec<U32>;

constexpr std::int64_t kLanes = HWY_LANES(float);
constexpr std::int64_t kRowsAhead = 16;  // that are asked for while one is copied

/// Calls f with an element of the dtype of an operand.
template <class F>
void on_float(DType dtype, F&& f) {
  expect(dtype == DType::bf16 || dtype == DType::f32, "operands in bf16 or f32");
  dtype == DType::bf16 ? f(BFloat16{}) : f(0.0F);
}

#if HWY_TARGET != HWY_SCALAR
HWY_INLINE void interleave(VU& low, VU& high) {
  const U32 d;
  const VU a = low, b = high;
  low = hn::InterleaveLower(d, a, b);
  high = hn::InterleaveUpper(d, a, b);
}

HWY_INLINE void interleave_pairs(VU& low, VU& high) {
  const hn::ScalableTag<std::uint64_t> d64;
  const U32 d;
  const auto a = hn::BitCast(d64, low), b = hn::BitCast(d64, high);
  low = hn::BitCast(d, hn::InterleaveLower(d64, a, b));
  high = hn::BitCast(d, hn::InterleaveUpper(d64, a, b));
}

/// v[r] lane c becomes v[c] lane r, of kLanes vectors.
HWY_INLINE void transpose(VU (&v)[kLanes]) {
  const U32 d;
  // Squares of 4 × 4 within the vectors' blocks of 128 bits.
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; r += 4) {
    interleave(v[r], v[r + 1]);
    interleave(v[r + 2], v[r + 3]);
    interleave_pairs(v[r], v[r + 2]);
    interleave_pairs(v[r + 1], v[r + 3]);
    std::swap(v[r + 1], v[r + 2]);
  }
  if constexpr (kLanes == 8) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const VU a = v[i], b = v[i + 4];
      v[i] = hn::ConcatLowerLower(d, b, a);
      v[i + 4] = hn::ConcatUpperUpper(d, b, a);
    }
  } else if constexpr (kLanes == 16) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const VU x0 = v[i], x1 = v[i + 4], x2 = v[i + 8], x3 = v[i + 12];
      const VU low02 = hn::ConcatLowerLower(d, x2, x0), low13 = hn::ConcatLowerLower(d, x3, x1);
      const VU high02 = hn::ConcatUpperUpper(d, x2, x0), high13 = hn::ConcatUpperUpper(d, x3, x1);
      v[i] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(low13), low02);
      v[i + 4] = hn::OddEvenBlocks(low13, hn::SwapAdjacentBlocks(low02));
      v[i + 8] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(high13), high02);
      v[i + 12] = hn::OddEvenBlocks(high13, hn::SwapAdjacentBlocks(high02));
    }
  }
}

/// to[c·to_stride + r] = from[r·stride + c], for kLanes rows of f32, or of bf16 two at a time.
HWY_INLINE void transpose_square(const float* from, std::int64_t stride, float* to, std::int64_t to_stride) {
  const F32 d;
  const U32 d32;
  VU v[kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r) v[r] = hn::BitCast(d32, hn::LoadU(d, from + r * stride));
  transpose(v);
#pragma GCC unroll 16
  for (int c = 0; c < kLanes; ++c) hn::StoreU(hn::BitCast(d, v[c]), d, to + c * to_stride);
}
HWY_INLINE void transpose_square(const BFloat16* from, std::int64_t stride, float* to, std::int64_t to_stride) {
  const F32 d;
  const U32 d32;
  VU v[kLanes];
#pragma GCC unroll 16
  for (int r = 0; r < kLanes; ++r) v[r] = hn::LoadU(d32, reinterpret_cast<const std::uint32_t*>(from + r * stride));
  transpose(v);
#pragma GCC unroll 16
  for (int c = 0; c < kLanes; ++c) {
    hn::StoreU(hn::BitCast(d, hn::ShiftLeft<16>(v[c])), d, to + 2 * c * to_stride);
    hn::StoreU(hn::BitCast(d, hn::And(v[c], hn::Set(d32, 0xffff0000U))), d, to + (2 * c + 1) * to_stride);
  }
}
#endif

/// to[c·to_stride + r] = from[r·stride + c].
template <class T>
void copy_transposed(const T* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to,
                     std::int64_t to_stride) {
  std::int64_t whole_rows = 0, whole_columns = 0;
#if HWY_TARGET != HWY_SCALAR
  constexpr std::int64_t kWide = kLanes * 4 / static_cast<std::int64_t>(sizeof(T));
  whole_rows = rows / kLanes * kLanes;
  whole_columns = columns / kWide * kWide;
  for (std::int64_t r = 0; r < whole_rows; r += kLanes) {
    for (std::int64_t c = 0; c < whole_columns; c += kWide) {
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < kLanes; ++i) __builtin_prefetch(from + (r + kLanes + i) * stride + c, 0, 2);
      transpose_square(from + r * stride + c, stride, to + c * to_stride + r, to_stride);
    }
  }
#endif
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c) {
      to[c * to_stride + r] = static_cast<float>(from[r * stride + c]);
    }
  }
}

/// Asks for the lines of a row, so that reading it soon finds them in the second cache.
template <class T>
HWY_INLINE void prefetch_row(const T* row, std::int64_t columns) {
  constexpr std::int64_t kLine = 64 / static_cast<std::int64_t>(sizeof(T));
  for (std::int64_t c = 0; c < columns; c += kLine) __builtin_prefetch(row + c, 0, 2);
}

/// to[r·to_stride + place(c)] = from[r·stride + c], widened; place(c) is where a vector that begins at column c goes.
template <class T, class Place>
void copy_rows(const T* from, std::int64_t stride, std::int64_t rows, std::int64_t columns, float* to,
               std::int64_t to_stride, Place place) {
  const F32 d;
  for (std::int64_t r = 0; r < rows; ++r, from += stride, to += to_stride) {
    if (r + kRowsAhead < rows) prefetch_row(from + kRowsAhead * stride, columns);
    for_each_vector(d, columns,
                    [&](std::int64_t c, std::size_t n) { store_n(d, load_n(d, from + c, n), to + place(c), n); });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
