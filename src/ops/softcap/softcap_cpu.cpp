#include "ops/softcap/softcap.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/softcap/softcap_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/exp-inl.h"

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

void forward(Stream, ConstView x, double cap, View y) {
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    parallel_for(y.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto bound = hn::Set(d, static_cast<A>(cap));
      const auto inverse = hn::Set(d, static_cast<A>(1 / cap));
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto bent = tanh_of(d, hn::Mul(load_n(d, x.as<T>() + begin + i, n), inverse));
        store_n(d, hn::Mul(bent, bound), y.as<T>() + begin + i, n);
      });
    });
  });
}

void backward(Stream, ConstView x, double cap, ConstView dy, GradView dx) {
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    parallel_for(dy.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto inverse = hn::Set(d, static_cast<A>(1 / cap));
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto bent = tanh_of(d, hn::Mul(load_n(d, x.as<T>() + begin + i, n), inverse));
        const auto slope = hn::NegMulAdd(bent, bent, hn::Set(d, A(1)));
        put_n(d, hn::Mul(load_n(d, dy.as<T>() + begin + i, n), slope), dx.view.as<T>() + begin + i, n, dx.accumulate);
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
    softcap_kernels.add(Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)(args...); },
                                      .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)(args...); }});

}  // namespace
}  // namespace eft
#endif
