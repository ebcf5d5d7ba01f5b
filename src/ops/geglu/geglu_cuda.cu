#include "backend/cuda/gelu.cuh"
#include "backend/cuda/rows.cuh"
#include "ops/geglu/geglu.h"

namespace eft::cuda {
namespace {

/// [rows, width] with rows `stride` elements apart.
template <class T>
struct Matrix {
  T* data;
  std::int64_t stride;
};

template <class T>
void forward_rows(Stream stream, const Shape& shape, Matrix<const T> gate, Matrix<const T> up, T* y) {
  const std::int64_t width = shape.columns();
  for_each_row<T>(stream, "geglu", shape, shape.rows(), width, [=] __device__(std::int64_t row) {
    for_row<T>(width, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(gate.data + row * gate.stride + i, n);
      const Lanes<T> u = load_n(up.data + row * up.stride + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = gelu(v.v[l]) * u.v[l];
      store_n(v, y + row * width + i, n);
    });
  });
}

/// Null targets are not wanted.
template <class T>
struct Targets {
  Matrix<T> dgate;
  bool add_dgate;
  Matrix<T> dup;
  bool add_dup;
};

template <class T>
void backward_rows(Stream stream, const Shape& shape, Matrix<const T> gate, Matrix<const T> up, const T* dy,
                   Targets<T> to) {
  const std::int64_t width = shape.columns();
  for_each_row<T>(stream, "geglu backward", shape, shape.rows(), width, [=] __device__(std::int64_t row) {
    for_row<T>(width, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(gate.data + row * gate.stride + i, n);
      const Lanes<T> u = load_n(up.data + row * up.stride + i, n);
      const Lanes<T> g = load_n(dy + row * width + i, n);
      Lanes<T> dgate, dup;
      for (int l = 0; l < Lanes<T>::kCount; ++l) {
        const auto bent = gelu_and_slope(v.v[l]);
        dgate.v[l] = g.v[l] * (u.v[l] * bent.slope);
        dup.v[l] = g.v[l] * bent.value;
      }
      if (to.dup.data != nullptr) put_n(dup, to.dup.data + row * to.dup.stride + i, n, to.add_dup);
      if (to.dgate.data != nullptr) put_n(dgate, to.dgate.data + row * to.dgate.stride + i, n, to.add_dgate);
    });
  });
}

void forward(Stream stream, ConstView gate, ConstView up, View y) {
  const std::int64_t width = y.shape.columns();
  on_type(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    forward_rows<T>(stream, y.shape, {in<T>(gate), width}, {in<T>(up), width}, out<T>(y));
  });
}

void backward(Stream stream, ConstView gate, ConstView up, ConstView dy, GradView dgate, GradView dup) {
  const std::int64_t width = dy.shape.columns();
  on_type(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    const Targets<T> to{{out<T>(dgate), width}, dgate.accumulate, {out<T>(dup), width}, dup.accumulate};
    backward_rows<T>(stream, dy.shape, {in<T>(gate), width}, {in<T>(up), width}, in<T>(dy), to);
  });
}

void packed_forward(Stream stream, ConstView gate_up, View y) {
  const std::int64_t width = y.shape.columns();
  on_type(y.dtype, [&](auto tag) {
    using T = decltype(tag);
    forward_rows<T>(stream, y.shape, {in<T>(gate_up), 2 * width}, {in<T>(gate_up) + width, 2 * width}, out<T>(y));
  });
}

void packed_backward(Stream stream, ConstView gate_up, ConstView dy, GradView dgate_up) {
  const std::int64_t width = dy.shape.columns();
  on_type(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    T* to = out<T>(dgate_up);
    const Targets<T> targets{{to, 2 * width}, dgate_up.accumulate, {to + width, 2 * width}, dgate_up.accumulate};
    backward_rows<T>(stream, dy.shape, {in<T>(gate_up), 2 * width}, {in<T>(gate_up) + width, 2 * width}, in<T>(dy),
                     targets);
  });
}

const bool registered = geglu_kernels.add(Device::cuda, {.forward = forward,
                                                         .backward = backward,
                                                         .packed_forward = packed_forward,
                                                         .packed_backward = packed_backward});

}  // namespace
}  // namespace eft::cuda
