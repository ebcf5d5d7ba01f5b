#include "ops/layer_norm/layer_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/layer_norm/layer_norm_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"

#include <cmath>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

/// Σ of term(i, n) over a row, whose lanes beyond n count nothing.
template <class D, class Term>
HWY_INLINE hn::TFromD<D> sum_over(D d, std::int64_t columns, Term term) {
  auto sum = hn::Zero(d);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, n), term(i, n)));
  });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class T>
void forward_row(std::int64_t columns, double epsilon, const T* x, const T* weight, const T* bias, T* y,
                 Accumulator<T>* stats) {
  using A = Accumulator<T>;
  const Tag<T> d;
  const A mean = sum_over(d, columns, [&](std::int64_t i, std::size_t n) { return load_n(d, x + i, n); }) /
                 static_cast<A>(columns);
  const auto centre = hn::Set(d, mean);
  const A squares = sum_over(d, columns, [&](std::int64_t i, std::size_t n) {
    const auto v = hn::Sub(load_n(d, x + i, n), centre);
    return hn::Mul(v, v);
  });
  const A rstd = A(1) / std::sqrt(squares / static_cast<A>(columns) + static_cast<A>(epsilon));
  stats[0] = mean;
  stats[1] = rstd;
  const auto factor = hn::Set(d, rstd);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    const auto z = hn::Mul(hn::Sub(load_n(d, x + i, n), centre), factor);
    store_n(d, hn::MulAdd(z, load_n(d, weight + i, n), load_n(d, bias + i, n)), y + i, n);
  });
}

/// dx = r·(h − mean(h) − z·mean(h·z)) with h = dy·weight and z the normalised row.
template <class T>
void backward_row(std::int64_t columns, const T* x, const T* weight, const Accumulator<T>* stats, const T* dy, T* dx,
                  bool accumulate) {
  using A = Accumulator<T>;
  const Tag<T> d;
  const auto centre = hn::Set(d, stats[0]), factor = hn::Set(d, stats[1]);
  const auto h_at = [&](std::int64_t i, std::size_t n) {
    return hn::Mul(load_n(d, dy + i, n), load_n(d, weight + i, n));
  };
  const auto z_at = [&](std::int64_t i, std::size_t n) {
    return hn::Mul(hn::Sub(load_n(d, x + i, n), centre), factor);
  };
  const auto size = static_cast<A>(columns);
  const auto mean_h = hn::Set(d, sum_over(d, columns, h_at) / size);
  const auto mean_hz = hn::Set(
      d, sum_over(d, columns, [&](std::int64_t i, std::size_t n) { return hn::Mul(h_at(i, n), z_at(i, n)); }) / size);
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    const auto rest = hn::NegMulAdd(z_at(i, n), mean_hz, hn::Sub(h_at(i, n), mean_h));
    put_n(d, hn::Mul(rest, factor), dx + i, n, accumulate);
  });
}

/// of_weight = Σ dy·z and of_bias = Σ dy over rows [begin, end).
template <class T>
void partial_sums(std::int64_t columns, const T* x, const Accumulator<T>* stats, const T* dy, Accumulator<T>* of_weight,
                  Accumulator<T>* of_bias, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  for (std::int64_t row = begin; row < end; ++row) {
    const auto centre = hn::Set(d, stats[2 * row]), factor = hn::Set(d, stats[2 * row + 1]);
    for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
      const auto g = load_n(d, dy + row * columns + i, n);
      const auto z = hn::Mul(hn::Sub(load_n(d, x + row * columns + i, n), centre), factor);
      put_n(d, hn::Mul(g, z), of_weight + i, n, row > begin);
      put_n(d, g, of_bias + i, n, row > begin);
    });
  }
}

/// to = Σ of the chunks, each [columns].
template <class A>
void add_chunks(std::int64_t columns, std::int64_t chunks, const A* partial, GradView to) {
  if (!to) return;
  expect(to.view.dtype == kDTypeOf<A>, "gradients of parameters in the accumulator's dtype");
  const Tag<A> d;
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    auto sum = hn::Zero(d);
    for (std::int64_t c = 0; c < chunks; ++c) sum = hn::Add(sum, load_n(d, partial + c * columns + i, n));
    put_n(d, sum, to.view.as<A>() + i, n, to.accumulate);
  });
}

void forward(Stream, double epsilon, ConstView x, ConstView weight, ConstView bias, View y, View stats) {
  const std::int64_t columns = x.shape[1];
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape[0], kElementsPerTask / columns + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        forward_row(columns, epsilon, x.as<T>() + row * columns, weight.as<T>(), bias.as<T>(),
                    y.as<T>() + row * columns, stats.as<Accumulator<T>>() + 2 * row);
      }
    });
  });
}

template <class T>
void backward_typed(ConstView x, ConstView weight, ConstView stats, ConstView dy, GradView dx, GradView dweight,
                    GradView dbias, View partial) {
  using A = Accumulator<T>;
  const std::int64_t columns = x.shape[1], rows = x.shape[0], chunks = layer_norm_chunks(rows);
  parallel_for(dx ? rows : 0, kElementsPerTask / columns + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      backward_row(columns, x.as<T>() + row * columns, weight.as<T>(), stats.as<A>() + 2 * row,
                   dy.as<T>() + row * columns, dx.view.as<T>() + row * columns, dx.accumulate);
    }
  });
  if (!partial) return;
  A* of_weight = partial.as<A>();
  A* of_bias = of_weight + chunks * columns;
  parallel_for(rows, kLayerNormPartialRows, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t at = begin / kLayerNormPartialRows * columns;
    partial_sums(columns, x.as<T>(), stats.as<A>(), dy.as<T>(), of_weight + at, of_bias + at, begin, end);
  });
  add_chunks(columns, chunks, of_weight, dweight);
  add_chunks(columns, chunks, of_bias, dbias);
}

void backward(Stream, ConstView x, ConstView weight, ConstView stats, ConstView dy, GradView dx, GradView dweight,
              GradView dbias, View partial) {
  dispatch(x.dtype,
           [&](auto tag) { backward_typed<decltype(tag)>(x, weight, stats, dy, dx, dweight, dbias, partial); });
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

const bool registered = layer_norm_kernels.add(Device::cpu, {.forward =
                                                                 [](auto... args) {
                                                                   HWY_DYNAMIC_DISPATCH(forward)
                                                                   (args...);
                                                                 },
                                                             .backward =
                                                                 [](auto... args) {
                                                                   HWY_DYNAMIC_DISPATCH(backward)
                                                                   (args...);
                                                                 }});

}  // namespace
}  // namespace eft
#endif
