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

template <class T>
void multiply(const T* gate, const T* up, std::int64_t count, T* y) {
  const Tag<T> d;
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) {
    store_n(d, hn::Mul(gelu(d, load_n(d, gate + i, n)), load_n(d, up + i, n)), y + i, n);
  });
}

/// Null targets are not wanted.
template <class T>
struct Targets {
  T* dgate;
  bool add_dgate;
  T* dup;
  bool add_dup;
};

template <class T>
void gradients(const T* gate, const T* up, const T* dy, std::int64_t count, const Targets<T>& to) {
  const Tag<T> d;
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) {
    const auto a = gelu_and_slope(d, load_n(d, gate + i, n));
    const auto g = load_n(d, dy + i, n);
    if (to.dup != nullptr) put_n(d, hn::Mul(g, a.value), to.dup + i, n, to.add_dup);
    if (to.dgate == nullptr) return;
    const auto slope = hn::Mul(load_n(d, up + i, n), a.slope);
    put_n(d, hn::Mul(g, slope), to.dgate + i, n, to.add_dgate);
  });
}

void forward(Stream, ConstView gate, ConstView up, View y) {
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(y.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      multiply(gate.as<T>() + begin, up.as<T>() + begin, end - begin, y.as<T>() + begin);
    });
  });
}

void backward(Stream, ConstView gate, ConstView up, ConstView dy, GradView dgate, GradView dup) {
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    const auto at = [](const GradView& target, std::int64_t i) { return target ? target.view.as<T>() + i : nullptr; };
    parallel_for(dy.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      gradients<T>(gate.as<T>() + begin, up.as<T>() + begin, dy.as<T>() + begin, end - begin,
                   {at(dgate, begin), dgate.accumulate, at(dup, begin), dup.accumulate});
    });
  });
}

void packed_forward(Stream, ConstView gate_up, View y) {
  const std::int64_t width = y.shape[1];
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(y.shape[0], kElementsPerTask / width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const T* gate = gate_up.as<T>() + 2 * row * width;
        multiply(gate, gate + width, width, y.as<T>() + row * width);
      }
    });
  });
}

void packed_backward(Stream, ConstView gate_up, ConstView dy, GradView dgate_up) {
  const std::int64_t width = dy.shape[1];
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(dy.shape[0], kElementsPerTask / width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const T* gate = gate_up.as<T>() + 2 * row * width;
        T* dgate = dgate_up.view.as<T>() + 2 * row * width;
        gradients<T>(gate, gate + width, dy.as<T>() + row * width, width,
                     {dgate, dgate_up.accumulate, dgate + width, dgate_up.accumulate});
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
HWY_EXPORT(packed_forward);
HWY_EXPORT(packed_backward);

const bool registered = geglu_kernels.add(
    Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)
                                                (args...); },
                  .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)
                                                 (args...); },
                  .packed_forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(packed_forward)
                                                       (args...); },
                  .packed_backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(packed_backward)
                                                        (args...); }});

}  // namespace
}  // namespace eft
#endif
