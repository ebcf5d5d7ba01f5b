#include "ops/adopt/adopt.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/adopt/adopt_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/parameter_update/parameter_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

template <class T>
void update_range(const AdoptStep& s, const AdoptTensors& t, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  const auto constant = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto beta1 = constant(s.beta1), rest1 = constant(1.0 - s.beta1);
  const auto beta2 = constant(t.begins ? 0.0 : s.beta2), rest2 = constant(t.begins ? 1.0 : 1.0 - s.beta2);
  const auto epsilon = constant(s.epsilon), clip = constant(s.clip), scale = constant(s.gradient_scale);
  const auto keep = constant(1.0 - t.parameter.learning_rate * t.parameter.weight_decay);
  const auto rate = constant(t.parameter.learning_rate);
  const T* const g = t.parameter.gradient.as<T>() + begin;
  const T* const p = t.parameter.exact.as<T>() + begin;
  T* const m = t.first.as<T>() + begin;
  T* const v = t.second.as<T>() + begin;
  for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
    const auto gradient = hn::Mul(load_n(d, g + i, n), scale), square = load_n(d, v + i, n);
    store_n(d, hn::MulAdd(square, beta2, hn::Mul(hn::Mul(gradient, gradient), rest2)), v + i, n);
    if (t.begins) return;
    const auto ratio = hn::Div(gradient, hn::Max(hn::Sqrt(square), epsilon));
    const auto held = hn::Max(hn::Min(ratio, clip), hn::Neg(clip));
    const auto mean = hn::MulAdd(load_n(d, m + i, n), beta1, hn::Mul(held, rest1));
    store_n(d, mean, m + i, n);
    finish_n<T>(d, t.parameter, hn::NegMulAdd(rate, mean, hn::Mul(load_n(d, p + i, n), keep)), begin + i, n);
  });
}

void update(Stream, const AdoptStep& s, std::span<const AdoptTensors> parameters) {
  for (const AdoptTensors& t : parameters) {
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

const bool registered = adopt_kernels.add(Device::cpu, {.update = [](auto... args) {
                                            HWY_DYNAMIC_DISPATCH(update)
                                            (args...);
                                          }});

}  // namespace
}  // namespace eft
#endif
