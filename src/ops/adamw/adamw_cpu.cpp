#include "ops/adamw/adamw.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/adamw/adamw_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <cmath>

#include "ops/parameter_update/parameter_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// p ← p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε).
template <class T>
void update_range(const AdamwStep& s, const AdamwTensors& t, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  const double correction1 = 1.0 - std::pow(s.beta1, static_cast<double>(s.step));
  const double correction2 = 1.0 - std::pow(s.beta2, static_cast<double>(s.step));
  const auto constant = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto beta1 = constant(s.beta1), rest1 = constant(1.0 - s.beta1);
  const auto beta2 = constant(s.beta2), rest2 = constant(1.0 - s.beta2);
  const auto keep = constant(1.0 - t.parameter.learning_rate * t.parameter.weight_decay);
  const auto rate = constant(t.parameter.learning_rate / correction1);
  const auto root = constant(1.0 / std::sqrt(correction2));
  const auto epsilon = constant(s.epsilon);
  const auto gradient_scale = constant(s.gradient_scale);
  const T* const g = t.parameter.gradient.as<T>() + begin;
  const T* const p = t.parameter.exact.as<T>() + begin;
  T* const m = t.first.as<T>() + begin;
  T* const v = t.second.as<T>() + begin;
  for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
    const auto gradient = hn::Mul(load_n(d, g + i, n), gradient_scale);
    const auto first = hn::MulAdd(load_n(d, m + i, n), beta1, hn::Mul(gradient, rest1));
    const auto second = hn::MulAdd(load_n(d, v + i, n), beta2, hn::Mul(hn::Mul(gradient, gradient), rest2));
    store_n(d, first, m + i, n);
    store_n(d, second, v + i, n);
    const auto denominator = hn::MulAdd(hn::Sqrt(second), root, epsilon);
    const auto step = hn::Div(hn::Mul(first, rate), denominator);
    finish_n<T>(d, t.parameter, hn::Sub(hn::Mul(load_n(d, p + i, n), keep), step), begin + i, n);
  });
}

void update(Stream, const AdamwStep& s, std::span<const AdamwTensors> parameters) {
  for (const AdamwTensors& t : parameters) {
    for_each_range(t.parameter, [&](auto tag, std::int64_t begin, std::int64_t end) {
      update_range<decltype(tag)>(s, t, begin, end);
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

const bool registered = adamw_kernels.add(Device::cpu, {.update = [](auto... args) {
                                            HWY_DYNAMIC_DISPATCH(update)
                                            (args...);
                                          }});

}  // namespace
}  // namespace eft
#endif
