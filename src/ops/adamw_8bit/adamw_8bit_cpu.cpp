#include "ops/adamw_8bit/adamw_8bit.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/adamw_8bit/adamw_8bit_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/adamw/adamw-inl.h"
#include "ops/parameter_update/parameter_update-inl.h"
#include "ops/state_codes/state_codes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

template <class T>
void update_block(const AdamwVectors<T>& adamw, CodeRounding rounding, const Adamw8bitTensors& t, std::int64_t begin,
                  std::int64_t count) {
  const Tag<T> d;
  CodedBlock<T> first(StateCodes::of(true, rounding), t.first, begin, count);
  CodedBlock<T> second(StateCodes::of(false, rounding), t.second, begin, count);
  const T* const g = t.parameter.gradient.as<T>() + begin;
  const T* const p = t.parameter.exact.as<T>() + begin;
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) {
    auto m = load_n(d, first.values() + i, n), v = load_n(d, second.values() + i, n);
    const auto value = adamw.move(load_n(d, p + i, n), load_n(d, g + i, n), m, v);
    store_n(d, m, first.values() + i, n);
    store_n(d, v, second.values() + i, n);
    finish_n<T>(d, t.parameter, value, begin + i, n);
  });
  first.store(CodedState::least_scale(rounding));
  second.store(CodedState::least_scale(rounding));
}

void update(Stream, const AdamwStep& s, CodeRounding rounding, std::span<const Adamw8bitTensors> parameters) {
  for (const Adamw8bitTensors& t : parameters) {
    for_each_range(t.parameter, [&](auto tag, std::int64_t begin, std::int64_t end) {
      const AdamwVectors<decltype(tag)> adamw(s, t.parameter);
      for_each_block(begin, end,
                     [&](std::int64_t at, std::int64_t count) { update_block(adamw, rounding, t, at, count); });
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

const bool registered = adamw_8bit_kernels.add(Device::cpu, {.update = [](auto... args) {
                                                 HWY_DYNAMIC_DISPATCH(update)
                                                 (args...);
                                               }});

}  // namespace
}  // namespace eft
#endif
