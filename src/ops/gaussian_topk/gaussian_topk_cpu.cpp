#include "ops/gaussian_topk/gaussian_topk.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gaussian_topk/gaussian_topk_cpu.cpp"
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

template <class A>
struct Moments {
  A mean, deviation;
};

/// In two passes, since μ² may be far above σ².
template <class T>
Moments<Accumulator<T>> moments(std::int64_t columns, const T* x) {
  using A = Accumulator<T>;
  const Tag<T> d;
  auto sum = hn::Zero(d);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) { sum = hn::Add(sum, load_n(d, x + i, n)); });
  const A mean = hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<A>(columns);
  auto squares = hn::Zero(d);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    auto away = hn::Sub(load_n(d, x + i, n), hn::Set(d, mean));
    if (n < hn::Lanes(d)) away = hn::IfThenElseZero(hn::FirstN(d, n), away);
    squares = hn::MulAdd(away, away, squares);
  });
  return {mean, std::sqrt(hn::GetLane(hn::SumOfLanes(d, squares)) / static_cast<A>(columns))};
}

void forward(Stream, ConstView x, double deviations, View y) {
  const std::int64_t columns = x.shape.columns();
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.rows(), kElementsPerTask / columns + 1, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for (std::int64_t row = begin; row < end; ++row) {
        const T* in = x.as<T>() + row * columns;
        const auto m = moments(columns, in);
        const auto cutoff = hn::Set(d, m.mean + static_cast<Accumulator<T>>(deviations) * m.deviation);
        for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
          const auto above = hn::Max(hn::Sub(load_n(d, in + i, n), cutoff), hn::Zero(d));
          store_n(d, above, y.as<T>() + row * columns + i, n);
        });
      }
    });
  });
}

/// With h = dy where x is above the cut-off and H = Σh: dx = h − H·(1/N + q(x − μ)/(Nσ)).
template <class T>
void backward_row(std::int64_t columns, double deviations, const T* x, const T* dy, T* dx, bool accumulate) {
  using A = Accumulator<T>;
  const Tag<T> d;
  const auto m = moments(columns, x);
  const A q = static_cast<A>(deviations);
  const auto cutoff = hn::Set(d, m.mean + q * m.deviation);
  const auto passed = [&](std::int64_t i, std::size_t n) {
    const auto above = hn::Gt(load_n(d, x + i, n), cutoff);
    return hn::IfThenElseZero(above, load_n(d, dy + i, n));
  };
  auto sum = hn::Zero(d);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) { sum = hn::Add(sum, passed(i, n)); });
  const A share = hn::GetLane(hn::SumOfLanes(d, sum)) / static_cast<A>(columns);
  const A slope = m.deviation > 0 ? share * q / m.deviation : A(0);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    const auto away = hn::Sub(load_n(d, x + i, n), hn::Set(d, m.mean));
    const auto pull = hn::MulAdd(hn::Set(d, slope), away, hn::Set(d, share));
    put_n(d, hn::Sub(passed(i, n), pull), dx + i, n, accumulate);
  });
}

void backward(Stream, ConstView x, double deviations, ConstView dy, GradView dx) {
  const std::int64_t columns = x.shape.columns();
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.rows(), kElementsPerTask / columns + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t at = begin * columns; at < end * columns; at += columns) {
        backward_row(columns, deviations, x.as<T>() + at, dy.as<T>() + at, dx.view.as<T>() + at, dx.accumulate);
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
    gaussian_topk_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)
                                                                          (args...); },
                                            .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)
                                                                           (args...); }});

}  // namespace
}  // namespace eft
#endif
