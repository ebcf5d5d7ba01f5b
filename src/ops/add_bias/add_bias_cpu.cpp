#include "ops/add_bias/add_bias.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/add_bias/add_bias_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

void forward(Stream, ConstView bias, View y) {
  const std::int64_t columns = y.shape[1];
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(y.shape[0], kAddBiasPartialRows, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for (std::int64_t row = begin; row < end; ++row) {
        for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
          put_n(d, load_n(d, bias.as<T>() + i, n), y.as<T>() + row * columns + i, n, true);
        });
      }
    });
  });
}

/// sum = Σ of rows [begin, end).
template <class T>
void add_rows(std::int64_t columns, const T* rows, Accumulator<T>* sum, std::int64_t begin, std::int64_t end) {
  const Tag<T> d;
  for (std::int64_t row = begin; row < end; ++row) {
    for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
      put_n(d, load_n(d, rows + row * columns + i, n), sum + i, n, row > begin);
    });
  }
}

void backward(Stream, ConstView dy, GradView dbias, View partial) {
  const std::int64_t columns = dy.shape[1];
  expect(dbias.view.dtype == accumulator_of(dy.dtype), "the gradient of a bias in the accumulator's dtype");
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    parallel_for(dy.shape[0], kAddBiasPartialRows, [&](std::int64_t begin, std::int64_t end) {
      add_rows(columns, dy.as<T>(), partial.as<A>() + begin / kAddBiasPartialRows * columns, begin, end);
    });
    const Tag<T> d;
    for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
      auto sum = hn::Zero(d);
      for (std::int64_t chunk = 0; chunk < partial.shape[0]; ++chunk) {
        sum = hn::Add(sum, load_n(d, partial.as<A>() + chunk * columns + i, n));
      }
      put_n(d, sum, dbias.view.as<A>() + i, n, dbias.accumulate);
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

const bool registered = add_bias_kernels.add(Device::cpu, {.forward =
                                                               [](auto... args) {
                                                                 HWY_DYNAMIC_DISPATCH(forward)
                                                                 (args...);
                                                               },
                                                           .backward =
                                                               [](auto... args) {
                                                                 HWY_DYNAMIC_DISPATCH(backward)
                                                                 (args...);
                                                               }});

}  // namespace
}  // namespace eft
#endif
