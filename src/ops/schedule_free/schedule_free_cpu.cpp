#include "ops/schedule_free/schedule_free.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/schedule_free/schedule_free_cpu.cpp"
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

constexpr std::int64_t kElementsPerTask = 1 << 15;

/// Calls body(T(), begin, end) in parallel for ranges of a parameter's elements.
template <class Body>
void for_elements(const ScheduleFreeTensors& t, Body body) {
  const auto run = [&](auto tag) {
    parallel_for(t.base.shape.elements(), kElementsPerTask,
                 [&](std::int64_t begin, std::int64_t end) { body(tag, begin, end); });
  };
  t.base.dtype == DType::f64 ? run(double{}) : run(float{});
}

/// Writes y of elements i to i + n.
template <class T, class D>
void put_value(D d, const ScheduleFreeTensors& t, hn::Vec<D> y, std::int64_t i, std::size_t n) {
  if (t.value.dtype == DType::bf16) {
    if constexpr (std::is_same_v<T, float>) store_n(d, y, t.value.as<BFloat16>() + i, n);
  } else {
    store_n(d, y, t.value.as<T>() + i, n);
  }
}

template <class T>
void update_range(const ScheduleFreeStep& s, const ScheduleFreeTensors& t, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  const auto constant = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto beta1 = constant(s.beta1), rest1 = constant(1 - s.beta1), share = constant(s.share);
  const auto beta2 = constant(s.beta2), rest2 = constant(1 - s.beta2), epsilon = constant(s.epsilon);
  const auto root = constant(1 / std::sqrt(1 - std::pow(s.beta2, static_cast<double>(s.step))));
  const auto scale = constant(s.gradient_scale), rate = constant(t.learning_rate), decay = constant(t.weight_decay);
  for_each_vector(d, end - begin, [&](std::int64_t at, std::size_t n) {
    const std::int64_t i = begin + at;
    const auto gradient = hn::Mul(load_n(d, t.gradient.as<T>() + i, n), scale);
    auto x = load_n(d, t.average.as<T>() + i, n), z = load_n(d, t.base.as<T>() + i, n);
    const auto y = hn::MulAdd(x, beta1, hn::Mul(z, rest1));
    const auto square =
        hn::MulAdd(load_n(d, t.second.as<T>() + i, n), beta2, hn::Mul(hn::Mul(gradient, gradient), rest2));
    const auto direction = hn::MulAdd(y, decay, hn::Div(gradient, hn::MulAdd(hn::Sqrt(square), root, epsilon)));
    z = hn::NegMulAdd(rate, direction, z);
    if (t.clip > 0) z = hn::Max(hn::Min(z, constant(t.clip)), constant(-t.clip));
    x = hn::MulAdd(share, hn::Sub(z, x), x);
    store_n(d, square, t.second.as<T>() + i, n);
    store_n(d, z, t.base.as<T>() + i, n);
    store_n(d, x, t.average.as<T>() + i, n);
    put_value<T>(d, t, hn::MulAdd(x, beta1, hn::Mul(z, rest1)), i, n);
  });
}

void update(Stream, const ScheduleFreeStep& s, std::span<const ScheduleFreeTensors> parameters) {
  for (const ScheduleFreeTensors& t : parameters) {
    for_elements(
        t, [&](auto tag, std::int64_t begin, std::int64_t end) { update_range<decltype(tag)>(s, t, begin, end); });
  }
}

void show(Stream, double beta1, std::span<const ScheduleFreeTensors> parameters) {
  for (const ScheduleFreeTensors& t : parameters) {
    for_elements(t, [&](auto tag, std::int64_t begin, std::int64_t end) {
      using T = decltype(tag);
      const Tag<T> d;
      const auto share = hn::Set(d, static_cast<T>(beta1)), rest = hn::Set(d, static_cast<T>(1 - beta1));
      for_each_vector(d, end - begin, [&](std::int64_t at, std::size_t n) {
        const std::int64_t i = begin + at;
        const auto z = hn::Mul(load_n(d, t.base.as<T>() + i, n), rest);
        put_value<T>(d, t, hn::MulAdd(load_n(d, t.average.as<T>() + i, n), share, z), i, n);
      });
    });
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(update);
HWY_EXPORT(show);

const bool registered =
    schedule_free_kernels.add(Device::cpu, {.update = [](auto... args) { HWY_DYNAMIC_DISPATCH(update)
                                                                         (args...); },
                                            .show = [](auto... args) { HWY_DYNAMIC_DISPATCH(show)
                                                                       (args...); }});

}  // namespace
}  // namespace eft
#endif
