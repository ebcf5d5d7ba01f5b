#include "ops/lion/lion.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/lion/lion_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/parameter_update/parameter_update-inl.h"
#include "ops/state_codes/state_codes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// Updates elements [begin, begin + count), whose moments are at `moment`.
template <class T>
void update_range(const LionStep& s, const ParameterUpdate& parameter, T* moment, std::int64_t begin,
                  std::int64_t count) {
  const Tag<T> d;
  const auto constant = [&](double value) { return hn::Set(d, static_cast<T>(value)); };
  const auto beta1 = constant(s.beta1), rest1 = constant(1.0 - s.beta1);
  const auto beta2 = constant(s.beta2), rest2 = constant(1.0 - s.beta2);
  const auto scale = constant(s.gradient_scale), one = constant(1.0), zero = hn::Zero(d);
  const auto keep = constant(1.0 - parameter.learning_rate * parameter.weight_decay);
  const auto rate = constant(parameter.learning_rate);
  const T* const g = parameter.gradient.as<T>() + begin;
  const T* const p = parameter.exact.as<T>() + begin;
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) {
    const auto gradient = hn::Mul(load_n(d, g + i, n), scale), mean = load_n(d, moment + i, n);
    const auto direction = hn::MulAdd(mean, beta1, hn::Mul(gradient, rest1));
    const auto sign = hn::IfThenZeroElse(hn::Eq(direction, zero), hn::CopySign(one, direction));
    store_n(d, hn::MulAdd(mean, beta2, hn::Mul(gradient, rest2)), moment + i, n);
    finish_n<T>(d, parameter, hn::NegMulAdd(rate, sign, hn::Mul(load_n(d, p + i, n), keep)), begin + i, n);
  });
}

void update(Stream, const LionStep& s, std::span<const LionTensors> parameters) {
  for (const LionTensors& t : parameters) {
    for_each_range(t.parameter, [&](auto tag, std::int64_t begin, std::int64_t end) {
      using T = decltype(tag);
      update_range<T>(s, t.parameter, t.moment.as<T>() + begin, begin, end - begin);
    });
  }
}

void update_coded(Stream, const LionStep& s, std::span<const LionTensors> parameters) {
  constexpr auto kRounding = CodeRounding::bitsandbytes;
  for (const LionTensors& t : parameters) {
    for_each_range(t.parameter, [&](auto tag, std::int64_t begin, std::int64_t end) {
      using T = decltype(tag);
      for_each_block(begin, end, [&](std::int64_t at, std::int64_t count) {
        CodedBlock<T> moment(StateCodes::of(true, kRounding), t.coded, at, count);
        update_range<T>(s, t.parameter, moment.values(), at, count);
        moment.store(CodedState::least_scale(kRounding));
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
HWY_EXPORT(update_coded);

const bool registered =
    lion_kernels.add(Device::cpu, {.update = [](auto... args) { HWY_DYNAMIC_DISPATCH(update)
                                                                (args...); },
                                   .update_coded = [](auto... args) { HWY_DYNAMIC_DISPATCH(update_coded)
                                                                      (args...); }});

}  // namespace
}  // namespace eft
#endif
