#include "ops/multiply/multiply.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/multiply/multiply_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// to = a ⊙ weight for rows [begin, end).
template <class T>
void multiply_rows(std::int64_t columns, const T* a, const T* weight, T* to, bool accumulate, std::int64_t begin,
                   std::int64_t end) {
  const Tag<T> d;
  for (std::int64_t at = begin * columns; at < end * columns; at += columns) {
    for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
      put_n(d, hn::Mul(load_n(d, a + at + i, n), load_n(d, weight + i, n)), to + at + i, n, accumulate);
    });
  }
}

/// sum = Σ rows dy ⊙ x over the rows of one chunk.
template <class T>
void weight_partial(std::int64_t columns, const T* x, const T* dy, Accumulator<T>* sum, std::int64_t begin,
                    std::int64_t end) {
  const Tag<T> d;
  for (std::int64_t row = begin; row < end; ++row) {
    for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
      const auto old = row == begin ? hn::Zero(d) : load_n(d, sum + i, n);
      const std::int64_t at = row * columns + i;
      store_n(d, hn::MulAdd(load_n(d, dy + at, n), load_n(d, x + at, n), old), sum + i, n);
    });
  }
}

void forward(Stream, ConstView x, ConstView weight, View y) {
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.rows(), kMultiplyPartialRows, [&](std::int64_t begin, std::int64_t end) {
      multiply_rows(x.shape.columns(), x.as<T>(), weight.as<T>(), y.as<T>(), false, begin, end);
    });
  });
}

template <class T>
void backward_typed(ConstView x, ConstView weight, ConstView dy, GradView dx, GradView dweight, View partial) {
  using A = Accumulator<T>;
  const std::int64_t columns = x.shape.columns();
  parallel_for(x.shape.rows(), kMultiplyPartialRows, [&](std::int64_t begin, std::int64_t end) {
    if (dx) multiply_rows(columns, dy.as<T>(), weight.as<T>(), dx.view.as<T>(), dx.accumulate, begin, end);
    if (!dweight) return;
    A* sum = partial.as<A>() + begin / kMultiplyPartialRows * columns;
    weight_partial(columns, x.as<T>(), dy.as<T>(), sum, begin, end);
  });
  if (!dweight) return;
  expect(dweight.view.dtype == accumulator_of(x.dtype), "a weight gradient in the accumulator's dtype");
  const Tag<T> d;
  for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
    auto sum = hn::Zero(d);
    for (std::int64_t chunk = 0; chunk < partial.shape[0]; ++chunk) {
      sum = hn::Add(sum, load_n(d, partial.as<A>() + chunk * columns + i, n));
    }
    put_n(d, sum, dweight.view.as<A>() + i, n, dweight.accumulate);
  });
}

void backward(Stream, ConstView x, ConstView weight, ConstView dy, GradView dx, GradView dweight, View partial) {
  dispatch(x.dtype, [&](auto tag) { backward_typed<decltype(tag)>(x, weight, dy, dx, dweight, partial); });
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
    multiply_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)
                                                                     (args...); },
                                       .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)
                                                                      (args...); }});

}  // namespace
}  // namespace eft
#endif
