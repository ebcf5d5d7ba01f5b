#include "ops/sgd/sgd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/sgd/sgd_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/parameter_update/parameter_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// d = s·g + wd·p;  b ← μ·b + (1 − τ)·d;  p ← p − lr·b, or p − lr·(d + μ·b) after Nesterov, or p − lr·d without
/// momentum.
template <class T>
void update_range(const SgdStep& s, const SgdTensors& t, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  const auto constant = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto scale = constant(s.gradient_scale), decay = constant(t.parameter.weight_decay);
  const auto rate = constant(t.parameter.learning_rate), momentum = constant(s.momentum);
  const auto kept = constant(t.first ? 0.0 : s.momentum), taken = constant(t.first ? 1.0 : 1.0 - s.dampening);
  const T* const g = t.parameter.gradient.as<T>() + begin;
  const T* const p = t.parameter.exact.as<T>() + begin;
  T* const b = t.momentum ? t.momentum.as<T>() + begin : nullptr;
  for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
    const auto value = load_n(d, p + i, n);
    auto step = hn::MulAdd(value, decay, hn::Mul(load_n(d, g + i, n), scale));
    if (b != nullptr) {
      const auto buffer = hn::MulAdd(load_n(d, b + i, n), kept, hn::Mul(step, taken));
      store_n(d, buffer, b + i, n);
      step = s.nesterov ? hn::MulAdd(buffer, momentum, step) : buffer;
    }
    finish_n<T>(d, t.parameter, hn::NegMulAdd(step, rate, value), begin + i, n);
  });
}

void update(Stream, const SgdStep& s, std::span<const SgdTensors> parameters) {
  for (const SgdTensors& t : parameters) {
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

const bool registered =
    sgd_kernels.add(Device::cpu, {.update = [](auto... args) { HWY_DYNAMIC_DISPATCH(update)
                                                               (args...); }});

}  // namespace
}  // namespace eft
#endif
