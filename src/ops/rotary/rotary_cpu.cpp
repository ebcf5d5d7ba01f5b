#include "ops/rotary/rotary.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rotary/rotary_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <cmath>

#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

template <class T>
void rotate_head(const T* x, const Accumulator<T>* cosines, std::int64_t half, bool inverse, T* y, bool accumulate) {
  const Tag<T> d;
  for_each_vector(d, half, [&](std::int64_t i, std::size_t n) {
    const auto low = load_n(d, x + i, n);
    const auto high = load_n(d, x + half + i, n);
    const auto c = load_n(d, cosines + i, n);
    const auto s = load_n(d, cosines + half + i, n);
    const auto turn = inverse ? hn::Neg(s) : s;
    put_n(d, hn::NegMulAdd(high, turn, hn::Mul(low, c)), y + i, n, accumulate);
    put_n(d, hn::MulAdd(low, turn, hn::Mul(high, c)), y + half + i, n, accumulate);
  });
}

void rotate(Stream, ConstView x, ConstView table, bool inverse, GradView y) {
  const std::int64_t heads = x.shape[1];
  const std::int64_t head_dim = x.shape[2];
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t grain = kElementsPerTask / (heads * head_dim) + 1;
    parallel_for(x.shape[0], grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin * heads; row < end * heads; ++row) {
        const auto* cosines = table.as<Accumulator<T>>() + row / heads * head_dim;
        const std::int64_t at = row * head_dim;
        rotate_head(x.as<T>() + at, cosines, head_dim / 2, inverse, y.view.as<T>() + at, y.accumulate);
      }
    });
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(rotate);

constexpr std::int64_t kRowsPerTask = 64;

void tabulate(Stream, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
              View table) {
  const auto half = static_cast<std::int64_t>(inverse_frequencies.size());
  dispatch(table.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(static_cast<std::int64_t>(positions.size()), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        T* const cosines = table.as<T>() + row * 2 * half;
        for (std::int64_t i = 0; i < half; ++i) {
          const double angle =
              positions[static_cast<std::size_t>(row)] * inverse_frequencies[static_cast<std::size_t>(i)];
          cosines[i] = static_cast<T>(static_cast<Accumulator<T>>(std::cos(angle)));
          cosines[half + i] = static_cast<T>(static_cast<Accumulator<T>>(std::sin(angle)));
        }
      }
    });
  });
}

const bool registered = rotary_kernels.add(
    Device::cpu, {.tabulate = tabulate, .rotate = [](auto... args) { HWY_DYNAMIC_DISPATCH(rotate)(args...); }});

}  // namespace
}  // namespace eft
#endif
