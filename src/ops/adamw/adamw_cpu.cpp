#include "ops/adamw/adamw.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/adamw/adamw_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <cmath>
#include <vector>

#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 15;

/// p ← p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε).
template <class T>
void update_range(const AdamwStep& s, double clip, const T* g, T* p, T* m, T* v, BFloat16* rounded,
                  std::int64_t count) {
  const Tag<T> d;
  const double correction1 = 1.0 - std::pow(s.beta1, static_cast<double>(s.step));
  const double correction2 = 1.0 - std::pow(s.beta2, static_cast<double>(s.step));
  const auto constant = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto beta1 = constant(s.beta1), rest1 = constant(1.0 - s.beta1);
  const auto beta2 = constant(s.beta2), rest2 = constant(1.0 - s.beta2);
  const auto keep = constant(1.0 - s.learning_rate * s.weight_decay);
  const auto rate = constant(s.learning_rate / correction1);
  const auto root = constant(1.0 / std::sqrt(correction2));
  const auto epsilon = constant(s.epsilon);
  const auto gradient_scale = constant(s.gradient_scale);
  const auto bound = constant(clip);
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) {
    const auto gradient = hn::Mul(load_n(d, g + i, n), gradient_scale);
    const auto first = hn::MulAdd(load_n(d, m + i, n), beta1, hn::Mul(gradient, rest1));
    const auto second = hn::MulAdd(load_n(d, v + i, n), beta2, hn::Mul(hn::Mul(gradient, gradient), rest2));
    store_n(d, first, m + i, n);
    store_n(d, second, v + i, n);
    const auto denominator = hn::MulAdd(hn::Sqrt(second), root, epsilon);
    const auto step = hn::Div(hn::Mul(first, rate), denominator);
    auto value = hn::Sub(hn::Mul(load_n(d, p + i, n), keep), step);
    if (clip > 0) value = hn::Max(hn::Min(value, bound), hn::Neg(bound));
    store_n(d, value, p + i, n);
    if constexpr (std::is_same_v<T, float>) {
      if (rounded != nullptr) store_n(d, value, rounded + i, n);
    }
  });
}

void update_one(const AdamwStep& s, const AdamwTensors& t) {
  const auto run = [&](auto tag) {
    using T = decltype(tag);
    parallel_for(t.exact.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      BFloat16* copy = t.rounded ? t.rounded.as<BFloat16>() + begin : nullptr;
      update_range(s, t.clip, t.gradient.as<T>() + begin, t.exact.as<T>() + begin, t.first.as<T>() + begin,
                   t.second.as<T>() + begin, copy, end - begin);
    });
  };
  t.exact.dtype == DType::f64 ? run(double{}) : run(float{});
}

void update(Stream, const AdamwStep& s, std::span<const AdamwTensors> parameters) {
  for (const AdamwTensors& tensors : parameters) update_one(s, tensors);
}

double squared_norm_of(ConstView gradient) {
  const std::int64_t count = gradient.shape.elements();
  std::vector<double> sums(static_cast<std::size_t>((count + kElementsPerTask - 1) / kElementsPerTask), 0.0);
  dispatch(gradient.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(count, kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      auto sum = hn::Zero(d);
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto x = load_n(d, gradient.as<T>() + begin + i, n);
        sum = hn::MulAdd(x, x, sum);
      });
      sums[static_cast<std::size_t>(begin / kElementsPerTask)] =
          static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    });
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

double squared_norm(Stream, std::span<const ConstView> gradients) {
  double total = 0;
  for (const ConstView& gradient : gradients) total += squared_norm_of(gradient);
  return total;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(update);
HWY_EXPORT(squared_norm);

const bool registered = adamw_kernels.add(
    Device::cpu, {.update = [](auto... args) { HWY_DYNAMIC_DISPATCH(update)
                                               (args...); },
                  .squared_norm = [](auto... args) { return HWY_DYNAMIC_DISPATCH(squared_norm)(args...); }});

}  // namespace
}  // namespace eft
#endif
