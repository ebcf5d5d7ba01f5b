#include "ops/geglu/geglu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/geglu/geglu_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "ops/geglu/gelu-inl.h"

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

void forward(Stream, ConstView gate, ConstView up, View y) {
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(y.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto a = gelu(d, load_n(d, gate.as<T>() + begin + i, n));
        store_n(d, hn::Mul(a, load_n(d, up.as<T>() + begin + i, n)), y.as<T>() + begin + i, n);
      });
    });
  });
}

void backward(Stream, ConstView gate, ConstView up, ConstView dy, GradView dgate, GradView dup) {
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(dy.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const std::int64_t at = begin + i;
        const auto a = gelu_and_slope(d, load_n(d, gate.as<T>() + at, n));
        const auto g = load_n(d, dy.as<T>() + at, n);
        if (dup) put_n(d, hn::Mul(g, a.value), dup.view.as<T>() + at, n, dup.accumulate);
        if (!dgate) return;
        const auto slope = hn::Mul(load_n(d, up.as<T>() + at, n), a.slope);
        put_n(d, hn::Mul(g, slope), dgate.view.as<T>() + at, n, dgate.accumulate);
      });
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
    geglu_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)(args...); },
                                    .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)(args...); }});

}  // namespace
}  // namespace eft
#endif
