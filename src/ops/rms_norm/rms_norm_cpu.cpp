#include "ops/rms_norm/rms_norm.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/rms_norm/rms_norm_cpu.cpp"
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

/// offset + weight[i…], or 1 without a weight.
template <class D, class T>
HWY_INLINE hn::Vec<D> scale_at(D d, const T* weight, std::int64_t i, std::size_t n, double offset) {
  if (weight == nullptr) return hn::Set(d, hn::TFromD<D>(1));
  return hn::Add(load_n(d, weight + i, n), hn::Set(d, static_cast<hn::TFromD<D>>(offset)));
}

/// Cosines and then sines of a row, if it is rotated.
template <class A>
HWY_INLINE const A* turn_of(const RmsNormShape& s, const A* table, std::int64_t row) {
  return table == nullptr ? nullptr : table + row / s.heads * s.columns;
}

enum class Turn { forwards, backwards };

/// Calls put(i, n, v) with the values at(i, n) of a row, turned where it is rotated.
template <Turn kTurn, class D, class A, class At, class Put>
HWY_INLINE void for_each_turned(D d, std::int64_t columns, const A* turn, At at, Put put) {
  if (turn == nullptr) {
    return for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) { put(i, n, at(i, n)); });
  }
  const std::int64_t half = columns / 2;
  for_each_vector(d, half, [&](std::int64_t i, std::size_t n) {
    const auto low = at(i, n), high = at(half + i, n);
    const auto cosine = load_n(d, turn + i, n);
    auto sine = load_n(d, turn + half + i, n);
    if (kTurn == Turn::backwards) sine = hn::Neg(sine);
    put(i, n, hn::NegMulAdd(high, sine, hn::Mul(low, cosine)));
    put(half + i, n, hn::MulAdd(low, sine, hn::Mul(high, cosine)));
  });
}

/// v as a T holds it.
template <class T, class D>
HWY_INLINE hn::Vec<D> rounded(D d, hn::Vec<D> v) {
  if constexpr (std::is_same_v<T, hn::TFromD<D>>) return v;
  HWY_ALIGN T narrow[HWY_MAX_BYTES / sizeof(hn::TFromD<D>)];
  store(d, v, narrow);
  return load(d, narrow);
}

template <class T>
void forward_rows(const RmsNormShape& s, const T* x, const T* weight, const T* residual, const Accumulator<T>* table,
                  T* y, Accumulator<T>* rstd, std::int64_t begin, std::int64_t end) {
  using A = Accumulator<T>;
  const Tag<T> d;
  for (std::int64_t row = begin; row < end; ++row) {
    const T* in = x + row * s.columns;
    T* out = y + row * s.columns;
    auto squares = hn::Zero(d);
    for_each_vector(d, s.columns, [&](std::int64_t i, std::size_t n) {
      const auto v = load_n(d, in + i, n);
      squares = hn::MulAdd(v, v, squares);
    });
    const A mean = hn::GetLane(hn::SumOfLanes(d, squares)) / static_cast<A>(s.columns);
    rstd[row] = A(1) / std::sqrt(mean + static_cast<A>(s.epsilon));
    const auto factor = hn::Set(d, rstd[row]);
    const A* turn = turn_of(s, table, row);
    const bool used_further = residual != nullptr || turn != nullptr;
    const auto normed = [&](std::int64_t i, std::size_t n) {
      const auto v = hn::Mul(hn::Mul(load_n(d, in + i, n), factor), scale_at(d, weight, i, n, s.weight_offset));
      return used_further ? rounded<T>(d, v) : v;
    };
    for_each_turned<Turn::forwards>(d, s.columns, turn, normed, [&](auto i, auto n, auto v) {
      if (residual != nullptr) v = hn::Add(load_n(d, residual + row * s.columns + i, n), v);
      store_n(d, v, out + i, n);
    });
  }
}

/// dx = r·h − x·r³·(Σ h·x)/N with h = dz·(offset + w), where z is the norm before it is rotated.
template <class T>
void backward_row(const RmsNormShape& s, const T* x, const T* weight, Accumulator<T> r, const Accumulator<T>* turn,
                  const T* dy, T* dx, bool accumulate) {
  using A = Accumulator<T>;
  const Tag<T> d;
  const auto gradient = [&](std::int64_t i, std::size_t n) { return load_n(d, dy + i, n); };
  auto dot = hn::Zero(d);
  for_each_turned<Turn::backwards>(d, s.columns, turn, gradient, [&](auto i, auto n, auto dz) {
    const auto h = hn::Mul(dz, scale_at(d, weight, i, n, s.weight_offset));
    dot = hn::MulAdd(h, load_n(d, x + i, n), dot);
  });
  const A mean = hn::GetLane(hn::SumOfLanes(d, dot)) / static_cast<A>(s.columns);
  const auto factor = hn::Set(d, r);
  const auto slope = hn::Set(d, r * r * r * mean);
  for_each_turned<Turn::backwards>(d, s.columns, turn, gradient, [&](auto i, auto n, auto dz) {
    const auto h = hn::Mul(dz, scale_at(d, weight, i, n, s.weight_offset));
    put_n(d, hn::NegMulAdd(load_n(d, x + i, n), slope, hn::Mul(h, factor)), dx + i, n, accumulate);
  });
}

/// sum[j] = Σ rows dz·x·r over the rows of one chunk.
template <class T>
void weight_partial(const RmsNormShape& s, const T* x, const Accumulator<T>* rstd, const Accumulator<T>* table,
                    const T* dy, Accumulator<T>* sum, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  for (std::int64_t row = begin; row < end; ++row) {
    const auto factor = hn::Set(d, rstd[row]);
    const auto gradient = [&](std::int64_t i, std::size_t n) { return load_n(d, dy + row * s.columns + i, n); };
    for_each_turned<Turn::backwards>(d, s.columns, turn_of(s, table, row), gradient, [&](auto i, auto n, auto dz) {
      const auto xr = hn::Mul(load_n(d, x + row * s.columns + i, n), factor);
      const auto old = row == begin ? hn::Zero(d) : load_n(d, sum + i, n);
      store_n(d, hn::MulAdd(dz, xr, old), sum + i, n);
    });
  }
}

void forward(Stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView residual, ConstView table, View y,
             View rstd) {
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(s.rows, kElementsPerTask / s.columns, [&](std::int64_t begin, std::int64_t end) {
      forward_rows(s, x.as<T>(), weight.as<T>(), residual.as<T>(), table.as<Accumulator<T>>(), y.as<T>(),
                   rstd.as<Accumulator<T>>(), begin, end);
    });
  });
}

template <class T>
void backward_typed(const RmsNormShape& s, ConstView x, ConstView weight, ConstView rstd, ConstView table, ConstView dy,
                    GradView dx, GradView dweight, View partial) {
  using A = Accumulator<T>;
  const A* r = rstd.as<A>();
  if (dx) {
    parallel_for(s.rows, kElementsPerTask / s.columns, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        backward_row(s, x.as<T>() + row * s.columns, weight.as<T>(), r[row], turn_of(s, table.as<A>(), row),
                     dy.as<T>() + row * s.columns, dx.view.as<T>() + row * s.columns, dx.accumulate);
      }
    });
  }
  if (!dweight) return;
  parallel_for(s.rows, kRmsNormPartialRows, [&](std::int64_t begin, std::int64_t end) {
    A* sum = partial.as<A>() + begin / kRmsNormPartialRows * s.columns;
    weight_partial(s, x.as<T>(), r, table.as<A>(), dy.as<T>(), sum, begin, end);
  });
  dispatch(dweight.view.dtype, [&](auto tag) {
    using G = decltype(tag);
    const Tag<T> d;
    for_each_vector(d, s.columns, [&](std::int64_t i, std::size_t n) {
      auto sum = hn::Zero(d);
      for (std::int64_t chunk = 0; chunk < partial.shape[0]; ++chunk) {
        sum = hn::Add(sum, load_n(d, partial.as<A>() + chunk * s.columns + i, n));
      }
      if constexpr (std::is_same_v<Accumulator<G>, A>) {
        put_n(d, sum, dweight.view.as<G>() + i, n, dweight.accumulate);
      }
    });
  });
}

void backward(Stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView rstd, ConstView table,
              ConstView dy, GradView dx, GradView dweight, View partial) {
  dispatch(x.dtype, [&](auto tag) {
    backward_typed<decltype(tag)>(s, x, weight, rstd, table, dy, dx, dweight, partial);
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

const bool registered = rms_norm_kernels.add(
    Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)(args...); },
                  .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)(args...); }});

}  // namespace
}  // namespace eft
#endif
