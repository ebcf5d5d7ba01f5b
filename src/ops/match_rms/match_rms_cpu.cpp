#include "ops/match_rms/match_rms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/match_rms/match_rms_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;
constexpr double kSmallestMeanSquare = 1e-5;

/// Σ a·b over a row.
template <class T>
Accumulator<T> dot(std::int64_t columns, const T* a, const T* b) {
  const Tag<T> d;
  auto sum = hn::Zero(d);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    sum = hn::MulAdd(load_n(d, a + i, n), load_n(d, b + i, n), sum);
  });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

/// Root mean squares of one row: of the reference, and of x held above the smallest.
template <class A>
struct Magnitudes {
  A reference, x;
  bool held;  ///< x is so small that its own magnitude does not count
};

template <class T>
Magnitudes<Accumulator<T>> magnitudes(std::int64_t columns, const T* x, const T* reference) {
  using A = Accumulator<T>;
  const A mean = dot(columns, x, x) / static_cast<A>(columns);
  const bool held = mean <= static_cast<A>(kSmallestMeanSquare);
  return {std::sqrt(dot(columns, reference, reference) / static_cast<A>(columns)),
          std::sqrt(held ? static_cast<A>(kSmallestMeanSquare) : mean), held};
}

void forward(Stream, ConstView x, ConstView reference, View y) {
  const std::int64_t columns = x.shape.columns();
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.rows(), kElementsPerTask / columns + 1, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for (std::int64_t row = begin; row < end; ++row) {
        const T* in = x.as<T>() + row * columns;
        const auto m = magnitudes(columns, in, reference.as<T>() + row * columns);
        const auto factor = hn::Set(d, m.reference / m.x);
        for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
          store_n(d, hn::Mul(load_n(d, in + i, n), factor), y.as<T>() + row * columns + i, n);
        });
      }
    });
  });
}

void backward(Stream, ConstView x, ConstView reference, ConstView dy, GradView dx, GradView dreference) {
  const std::int64_t columns = x.shape.columns();
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    parallel_for(x.shape.rows(), kElementsPerTask / columns + 1, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t at = row * columns;
        const T* in = x.as<T>() + at;
        const T* goal = reference.as<T>() + at;
        const T* g = dy.as<T>() + at;
        const auto m = magnitudes(columns, in, goal);
        const A along = dot(columns, g, in);
        const A size = static_cast<A>(columns);
        const auto factor = hn::Set(d, m.reference / m.x);
        const auto back = hn::Set(d, m.held ? A(0) : along / (size * m.x * m.x));
        const auto pull = hn::Set(d, m.reference > 0 ? along / (m.x * size * m.reference) : A(0));
        for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
          if (dx) {
            const auto straight = hn::NegMulAdd(back, load_n(d, in + i, n), load_n(d, g + i, n));
            put_n(d, hn::Mul(factor, straight), dx.view.as<T>() + at + i, n, dx.accumulate);
          }
          if (!dreference) return;
          put_n(d, hn::Mul(pull, load_n(d, goal + i, n)), dreference.view.as<T>() + at + i, n, dreference.accumulate);
        });
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

HWY_EXPORT(forward);
HWY_EXPORT(backward);

const bool registered =
    match_rms_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)
                                                                      (args...); },
                                        .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)
                                                                       (args...); }});

}  // namespace
}  // namespace eft
#endif
