#include "backend/cpu/gemm_few_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/gemm_few_rows.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"

#include <algorithm>
#include <vector>

#include "backend/cpu/convert.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

using cpu::GemmShape;

constexpr std::int64_t kTogether = 4;               // rows of B in flight, to hide the latency of sums and loads
constexpr std::int64_t kElementsPerTask = 1 << 17;  // of B

/// sums[r] = a · row r of b, four rows of length k.
template <class T>
void dot_four(const float* a, const T* b, std::int64_t k, float* sums) {
  const Tag<float> d;
  auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  for_each_vector(d, k, [&](std::int64_t i, std::size_t n) {
    const auto x = load_n(d, a + i, n);
    s0 = hn::MulAdd(x, load_n(d, b + i, n), s0);
    s1 = hn::MulAdd(x, load_n(d, b + k + i, n), s1);
    s2 = hn::MulAdd(x, load_n(d, b + 2 * k + i, n), s2);
    s3 = hn::MulAdd(x, load_n(d, b + 3 * k + i, n), s3);
  });
  sums[0] = hn::GetLane(hn::SumOfLanes(d, s0));
  sums[1] = hn::GetLane(hn::SumOfLanes(d, s1));
  sums[2] = hn::GetLane(hn::SumOfLanes(d, s2));
  sums[3] = hn::GetLane(hn::SumOfLanes(d, s3));
}

template <class T>
float dot(const float* a, const T* b, std::int64_t k) {
  const Tag<float> d;
  auto sum = hn::Zero(d);
  for_each_vector(
      d, k, [&](std::int64_t i, std::size_t n) { sum = hn::MulAdd(load_n(d, a + i, n), load_n(d, b + i, n), sum); });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void put(View c, std::int64_t at, float value, bool accumulate) {
  if (c.dtype == DType::f32) {
    float& to = c.as<float>()[at];
    to = accumulate ? to + value : value;
  } else {
    BFloat16& to = c.as<BFloat16>()[at];
    to = BFloat16(accumulate ? static_cast<float>(to) + value : value);
  }
}

/// Columns [begin, end) of C. The few rows of A go by while a block of B's rows is in the first cache. rows_of(j, n):
/// rows [j, j + n) of B.
template <class RowsOf>
void multiply(const GemmShape& s, const float* a, RowsOf rows_of, View c, std::int64_t begin, std::int64_t end) {
  for (std::int64_t j = begin; j < end; j += kTogether) {
    const std::int64_t rows = std::min(kTogether, end - j);
    const auto* const b = rows_of(j, rows);
    for (std::int64_t i = 0; i < s.m; ++i) {
      float sums[kTogether];
      if (rows == kTogether) {
        dot_four(a + i * s.k, b, s.k, sums);
      } else {
        for (std::int64_t r = 0; r < rows; ++r) sums[r] = dot(a + i * s.k, b + r * s.k, s.k);
      }
      for (std::int64_t r = 0; r < rows; ++r) put(c, i * s.n + j + r, sums[r], s.accumulate);
    }
  }
}

/// multiply() by a B that is kept as codes.
void multiply_unpacked(const GemmShape& s, const float* a, const WeightView& b, View c, std::int64_t begin,
                       std::int64_t end) {
  thread_local std::vector<float> values;
  values.resize(static_cast<std::size_t>(kTogether * s.k));
  const auto rows_of = [&](std::int64_t j, std::int64_t rows) {
    for (std::int64_t r = 0; r < rows; ++r) unpack(b, j + r, 0, s.k, values.data() + r * s.k);
    return values.data();
  };
  multiply(s, a, rows_of, c, begin, end);
}

template <class T>
void multiply_stored(const GemmShape& s, const float* a, const T* b, View c, std::int64_t begin, std::int64_t end) {
  multiply(
      s, a, [&](std::int64_t j, std::int64_t) { return b + j * s.k; }, c, begin, end);
}

void multiply_all(const GemmShape& s, const float* a, const WeightView& b, View c) {
  const std::int64_t grain = std::max<std::int64_t>(kElementsPerTask / std::max<std::int64_t>(s.k, 1), kTogether);
  parallel_for(s.n, grain / kTogether * kTogether, [&](std::int64_t begin, std::int64_t end) {
    if (b.packed) {
      multiply_unpacked(s, a, b, c, begin, end);
    } else if (b.dtype == DType::bf16) {
      multiply_stored(s, a, b.data.as<BFloat16>(), c, begin, end);
    } else {
      multiply_stored(s, a, b.data.as<float>(), c, begin, end);
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

void gemm_few_rows(const GemmShape& shape, ConstView a, const WeightView& b, View c) {
  if (a.dtype == DType::f32) return HWY_DYNAMIC_DISPATCH(multiply_all)(shape, a.as<float>(), b, c);
  thread_local std::vector<float> wide;
  wide.resize(static_cast<std::size_t>(shape.m * shape.k));
  widen(a.as<BFloat16>(), wide.data(), shape.m * shape.k);
  HWY_DYNAMIC_DISPATCH(multiply_all)(shape, wide.data(), b, c);
}

}  // namespace cpu
}  // namespace eft
#endif
