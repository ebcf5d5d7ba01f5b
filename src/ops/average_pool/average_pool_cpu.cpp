#include "ops/average_pool/average_pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/average_pool/average_pool_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

/// Calls body(first pixel, cell) for the cells of row `y` of cells.
template <class Body>
void for_each_cell(const PoolShape& s, std::int64_t y, Body body) {
  for (std::int64_t x = 0; x < s.cells(); ++x) body(y * s.size * s.side + x * s.size, y * s.cells() + x);
}

void forward(Stream, PoolShape s, ConstView x, View y) {
  const std::int64_t columns = x.shape[1];
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(s.cells(), 1, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto share = hn::Set(d, Accumulator<T>(1) / static_cast<Accumulator<T>>(s.size * s.size));
      for (std::int64_t row = begin; row < end; ++row) {
        for_each_cell(s, row, [&](std::int64_t pixel, std::int64_t cell) {
          for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
            auto sum = hn::Zero(d);
            for (std::int64_t at = 0; at < s.size * s.size; ++at) {
              const std::int64_t from = pixel + at / s.size * s.side + at % s.size;
              sum = hn::Add(sum, load_n(d, x.as<T>() + from * columns + i, n));
            }
            store_n(d, hn::Mul(sum, share), y.as<T>() + cell * columns + i, n);
          });
        });
      }
    });
  });
}

void backward(Stream, PoolShape s, ConstView dy, GradView dx) {
  const std::int64_t columns = dy.shape[1];
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(s.cells(), 1, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto share = hn::Set(d, Accumulator<T>(1) / static_cast<Accumulator<T>>(s.size * s.size));
      for (std::int64_t row = begin; row < end; ++row) {
        for_each_cell(s, row, [&](std::int64_t pixel, std::int64_t cell) {
          for_each_vector(d, columns, [&](std::int64_t i, std::size_t n) {
            const auto part = hn::Mul(load_n(d, dy.as<T>() + cell * columns + i, n), share);
            for (std::int64_t at = 0; at < s.size * s.size; ++at) {
              const std::int64_t to = pixel + at / s.size * s.side + at % s.size;
              put_n(d, part, dx.view.as<T>() + to * columns + i, n, dx.accumulate);
            }
          });
        });
      }
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

const bool registered = average_pool_kernels.add(Device::cpu, {.forward =
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
