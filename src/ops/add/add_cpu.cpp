#include "ops/add/add.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/add/add_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 15;

void forward(Stream, ConstView a, ConstView b, double factor, View y) {
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(y.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto f = hn::Set(d, static_cast<Accumulator<T>>(factor));
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto sum = hn::Add(load_n(d, a.as<T>() + begin + i, n), load_n(d, b.as<T>() + begin + i, n));
        store_n(d, hn::Mul(sum, f), y.as<T>() + begin + i, n);
      });
    });
  });
}

void backward(Stream, ConstView dy, double factor, GradView dx) {
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    expect(dx.view.dtype == dy.dtype, "a gradient of the value's dtype");
    parallel_for(dy.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto f = hn::Set(d, static_cast<Accumulator<T>>(factor));
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        put_n(d, hn::Mul(load_n(d, dy.as<T>() + begin + i, n), f), dx.view.as<T>() + begin + i, n, dx.accumulate);
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
    add_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)(args...); },
                                  .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)(args...); }});

}  // namespace
}  // namespace eft
#endif
