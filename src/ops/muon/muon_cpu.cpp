#include "ops/muon/muon.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/muon/muon_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <cmath>

#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"
#include "ops/gradients/gradients.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 15;

/// Calls body(T(), begin, end) in parallel for ranges of x's elements.
template <class Body>
void for_elements(const View& x, Body body) {
  const auto run = [&](auto tag) {
    parallel_for(x.shape.elements(), kElementsPerTask,
                 [&](std::int64_t begin, std::int64_t end) { body(tag, begin, end); });
  };
  x.dtype == DType::f64 ? run(double{}) : run(float{});
}

void momentum(Stream, double mu, bool nesterov, double gradient_scale, View g, View buffer) {
  for_elements(g, [&](auto tag, std::int64_t begin, std::int64_t end) {
    using T = decltype(tag);
    const Tag<T> d;
    const auto share = hn::Set(d, static_cast<T>(mu)), scale = hn::Set(d, static_cast<T>(gradient_scale));
    T *const to = g.as<T>() + begin, *const kept = buffer.as<T>() + begin;
    for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
      const auto gradient = hn::Mul(load_n(d, to + i, n), scale);
      const auto moved = hn::MulAdd(load_n(d, kept + i, n), share, gradient);
      store_n(d, moved, kept + i, n);
      store_n(d, nesterov ? hn::MulAdd(moved, share, gradient) : moved, to + i, n);
    });
  });
}

void normalise(Stream stream, double epsilon, View x) {
  const ConstView whole = x;
  const double norm = std::sqrt(gradient_kernels.find(Device::cpu)->squared_norm(stream, {&whole, 1}));
  for_elements(x, [&](auto tag, std::int64_t begin, std::int64_t end) {
    using T = decltype(tag);
    const Tag<T> d;
    const auto by = hn::Set(d, static_cast<T>(norm + epsilon));
    T* const values = x.as<T>() + begin;
    for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
      store_n(d, hn::Div(load_n(d, values + i, n), by), values + i, n);
    });
  });
}

void combine(Stream, double a, ConstView x, double b, View y) {
  for_elements(y, [&](auto tag, std::int64_t begin, std::int64_t end) {
    using T = decltype(tag);
    const Tag<T> d;
    const auto of_x = hn::Set(d, static_cast<T>(a)), of_y = hn::Set(d, static_cast<T>(b));
    const T* const from = x.as<T>() + begin;
    T* const to = y.as<T>() + begin;
    for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
      const auto part = hn::Mul(load_n(d, to + i, n), of_y);
      store_n(d, hn::MulAdd(load_n(d, from + i, n), of_x, part), to + i, n);
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

HWY_EXPORT(momentum);
HWY_EXPORT(normalise);
HWY_EXPORT(combine);

const bool registered =
    muon_kernels.add(Device::cpu, {.momentum = [](auto... args) { HWY_DYNAMIC_DISPATCH(momentum)
                                                                  (args...); },
                                   .normalise = [](auto... args) { HWY_DYNAMIC_DISPATCH(normalise)
                                                                   (args...); },
                                   .combine = [](auto... args) { HWY_DYNAMIC_DISPATCH(combine)
                                                                 (args...); }});

}  // namespace
}  // namespace eft
#endif
