#include "ops/scale/scale.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/scale/scale_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 15;

template <class T>
Accumulator<T> total_factor(ConstView factor, double constant) {
  using A = Accumulator<T>;
  return static_cast<A>(constant) * (factor ? static_cast<A>(*factor.as<T>()) : A(1));
}

template <class T>
void multiply(const T* from, Accumulator<T> factor, T* to, std::int64_t count, bool accumulate) {
  parallel_for(count, kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
    const Tag<T> d;
    const auto f = hn::Set(d, factor);
    for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
      put_n(d, hn::Mul(load_n(d, from + begin + i, n), f), to + begin + i, n, accumulate);
    });
  });
}

template <class T>
double dot(const T* a, const T* b, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

void forward(Stream, ConstView x, ConstView factor, double constant, View y) {
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    multiply(x.as<T>(), total_factor<T>(factor, constant), y.as<T>(), x.shape.elements(), false);
  });
}

void backward(Stream, ConstView x, ConstView factor, double constant, ConstView dy, GradView dx, GradView dfactor) {
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    const std::int64_t count = x.shape.elements();
    if (dx) multiply(dy.as<T>(), total_factor<T>(factor, constant), dx.view.as<T>(), count, dx.accumulate);
    if (!dfactor) return;
    const double sum = constant * dot(dy.as<T>(), x.as<T>(), count);
    dispatch(dfactor.view.dtype, [&](auto grad_tag) {
      using G = decltype(grad_tag);
      G& target = *dfactor.view.as<G>();
      const double old = dfactor.accumulate ? static_cast<double>(target) : 0.0;
      target = static_cast<G>(static_cast<Accumulator<G>>(old + sum));
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
    scale_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)(args...); },
                                    .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)(args...); }});

}  // namespace
}  // namespace eft
#endif
