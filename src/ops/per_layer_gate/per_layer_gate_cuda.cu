#include "backend/cuda/gelu.cuh"
#include "backend/cuda/rows.cuh"
#include "ops/per_layer_gate/per_layer_gate.h"

namespace eft::cuda {
namespace {

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

template <class T>
void forward_typed(Stream stream, ConstView gate, ConstView per_layer, std::int64_t layer, View y) {
  const Layout s = layout_of(per_layer, layer);
  const T *pg = in<T>(gate), *pp = in<T>(per_layer);
  T* py = out<T>(y);
  for_each_row<T>(stream, "per_layer_gate", gate.shape, gate.shape[0], s.width, [=] __device__(std::int64_t t) {
    for_row<T>(s.width, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(pg + t * s.width + i, n);
      const Lanes<T> own = load_n(pp + t * s.token_stride + s.layer_offset + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = gelu(v.v[l]) * own.v[l];
      store_n(v, py + t * s.width + i, n);
    });
  });
}

template <class T>
void gate_gradient(Stream stream, const Layout& s, ConstView gate, ConstView per_layer, ConstView dy, GradView dgate) {
  const T *pg = in<T>(gate), *pp = in<T>(per_layer), *pd = in<T>(dy);
  T* to = out<T>(dgate);
  const bool accumulate = dgate.accumulate;
  for_each_row<T>(stream, "per_layer_gate backward", gate.shape, gate.shape[0], s.width, [=] __device__(std::int64_t t) {
    for_row<T>(s.width, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(pg + t * s.width + i, n);
      const Lanes<T> own = load_n(pp + t * s.token_stride + s.layer_offset + i, n);
      Lanes<T> g = load_n(pd + t * s.width + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] *= own.v[l] * gelu_and_slope(v.v[l]).slope;
      put_n(g, to + t * s.width + i, n, accumulate);
    });
  });
}

template <class T>
void per_layer_gradient(Stream stream, const Layout& s, ConstView gate, ConstView dy, GradView dper_layer) {
  const T *pg = in<T>(gate), *pd = in<T>(dy);
  T* to = out<T>(dper_layer);
  const bool accumulate = dper_layer.accumulate;
  if (!accumulate) device_clear(stream, dper_layer.view);
  for_each_row<T>(stream, "per_layer_gate backward", gate.shape, gate.shape[0], s.width, [=] __device__(std::int64_t t) {
    for_row<T>(s.width, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(pg + t * s.width + i, n);
      Lanes<T> g = load_n(pd + t * s.width + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] *= gelu(v.v[l]);
      put_n(g, to + t * s.token_stride + s.layer_offset + i, n, accumulate);
    });
  });
}

void forward(Stream stream, ConstView gate, ConstView per_layer, std::int64_t layer, View y) {
  on_type(y.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, gate, per_layer, layer, y); });
}

void backward(Stream stream, ConstView gate, ConstView per_layer, std::int64_t layer, ConstView dy, GradView dgate,
              GradView dper_layer) {
  const Layout s = layout_of(per_layer, layer);
  on_type(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    if (dgate) gate_gradient<T>(stream, s, gate, per_layer, dy, dgate);
    if (dper_layer) per_layer_gradient<T>(stream, s, gate, dy, dper_layer);
  });
}

const bool registered = per_layer_gate_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
