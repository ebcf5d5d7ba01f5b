#include "ops/per_layer_gate/per_layer_gate.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/per_layer_gate/per_layer_gate_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "ops/geglu/gelu-inl.h"

#include <algorithm>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

/// Where one token's values lie in [tokens, width] and in [tokens, layers, width].
struct Layout {
  std::int64_t width;
  std::int64_t token_stride;  ///< of the per-layer inputs
  std::int64_t layer_offset;
};

Layout layout_of(ConstView per_layer, std::int64_t layer) {
  const std::int64_t width = per_layer.shape[2];
  return {width, per_layer.shape[1] * width, layer * width};
}

void forward(Stream, ConstView gate, ConstView per_layer, std::int64_t layer, View y) {
  const Layout l = layout_of(per_layer, layer);
  dispatch(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(gate.shape[0], kElementsPerTask / l.width, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      for (std::int64_t t = begin; t < end; ++t) {
        const T* in = gate.as<T>() + t * l.width;
        const T* own = per_layer.as<T>() + t * l.token_stride + l.layer_offset;
        T* out = y.as<T>() + t * l.width;
        for_each_vector(d, l.width, [&](std::int64_t i, std::size_t n) {
          store_n(d, hn::Mul(gelu(d, load_n(d, in + i, n)), load_n(d, own + i, n)), out + i, n);
        });
      }
    });
  });
}

template <class T>
void gate_gradient(std::int64_t width, const T* gate, const T* own, const T* dy, T* dgate, bool accumulate) {
  const Tag<T> d;
  for_each_vector(d, width, [&](std::int64_t i, std::size_t n) {
    const auto slope = gelu_and_slope(d, load_n(d, gate + i, n)).slope;
    const auto g = hn::Mul(load_n(d, dy + i, n), load_n(d, own + i, n));
    put_n(d, hn::Mul(g, slope), dgate + i, n, accumulate);
  });
}

/// `row`: all layers of one token.
template <class T>
void per_layer_gradient(const Layout& l, const T* gate, const T* dy, T* row, bool accumulate) {
  const Tag<T> d;
  if (!accumulate) std::fill_n(row, l.token_stride, T{});
  for_each_vector(d, l.width, [&](std::int64_t i, std::size_t n) {
    const auto g = hn::Mul(load_n(d, dy + i, n), gelu(d, load_n(d, gate + i, n)));
    put_n(d, g, row + l.layer_offset + i, n, accumulate);
  });
}

void backward(Stream, ConstView gate, ConstView per_layer, std::int64_t layer, ConstView dy, GradView dgate,
              GradView dper_layer) {
  const Layout l = layout_of(per_layer, layer);
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(gate.shape[0], kElementsPerTask / l.width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) {
        const T* g = gate.as<T>() + t * l.width;
        const T* out = dy.as<T>() + t * l.width;
        if (dgate) {
          gate_gradient(l.width, g, per_layer.as<T>() + t * l.token_stride + l.layer_offset, out,
                        dgate.view.as<T>() + t * l.width, dgate.accumulate);
        }
        if (!dper_layer) continue;
        per_layer_gradient(l, g, out, dper_layer.view.as<T>() + t * l.token_stride, dper_layer.accumulate);
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

const bool registered = per_layer_gate_kernels.add(
    Device::cpu, {.forward = [](auto... args) { HWY_DYNAMIC_DISPATCH(forward)(args...); },
                  .backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(backward)(args...); }});

}  // namespace
}  // namespace eft
#endif
