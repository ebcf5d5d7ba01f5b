#include "ops/gelu/gelu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gelu/gelu_cpu.cpp"
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

void forward_op(Stream, ConstView x, View y) {
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        store_n(d, gelu(d, load_n(d, x.as<T>() + begin + i, n)), y.as<T>() + begin + i, n);
      });
    });
  });
}

void backward_op(Stream, ConstView x, ConstView dy, GradView dx) {
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto bent = gelu_and_slope(d, load_n(d, x.as<T>() + begin + i, n));
        const auto product = hn::Mul(load_n(d, dy.as<T>() + begin + i, n), bent.slope);
        put_n(d, product, dx.view.as<T>() + begin + i, n, dx.accumulate);
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

HWY_EXPORT(forward_op);
HWY_EXPORT(backward_op);

const bool registered = gelu_kernels.add(Device::cpu, {.forward =
                                                           [](auto... args) {
                                                             HWY_DYNAMIC_DISPATCH(forward_op)
                                                             (args...);
                                                           },
                                                       .backward =
                                                           [](auto... args) {
                                                             HWY_DYNAMIC_DISPATCH(backward_op)
                                                             (args...);
                                                           }});

}  // namespace
}  // namespace eft
#endif
