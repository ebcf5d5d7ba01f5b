#include "ops/adamw/adamw.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/adamw/adamw_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "ops/adamw/adamw-inl.h"
#include "ops/parameter_update/parameter_update-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

template <class T>
void update_range(const AdamwStep& s, const AdamwTensors& t, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  const AdamwVectors<T> adamw(s, t.parameter);
  const T* const g = t.parameter.gradient.as<T>() + begin;
  const T* const p = t.parameter.exact.as<T>() + begin;
  T* const m = t.first.as<T>() + begin;
  T* const v = t.second.as<T>() + begin;
  for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
    auto first = load_n(d, m + i, n), second = load_n(d, v + i, n);
    const auto value = adamw.move(load_n(d, p + i, n), load_n(d, g + i, n), first, second);
    store_n(d, first, m + i, n);
    store_n(d, second, v + i, n);
    finish_n<T>(d, t.parameter, value, begin + i, n);
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
