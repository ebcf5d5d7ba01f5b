#include "backend/cuda/rows.cuh"
#include "ops/moe_rows/moe_rows.h"

namespace eft::cuda {
namespace {

/// Where the copies of tokens stand, by value for a kernel.
struct Routes {
  const std::int32_t *row, *source;
  std::int64_t tokens, top_k;

  explicit Routes(const RoutingView& routing)
      : row(in<std::int32_t>(routing.row)),
        source(in<std::int32_t>(routing.source)),
        tokens(routing.row.shape[0]),
        top_k(routing.row.shape[1]) {}
};

template <class T>
void gather_typed(Stream stream, ConstView x, const Routes& routes, View rows) {
  const std::int64_t hidden = x.shape[1];
  const T* from = in<T>(x);
  T* to = out<T>(rows);
  const Routes r = routes;
  for_each_row<T>(stream, "moe_gather", rows.shape, rows.shape[0], hidden, [=] __device__(std::int64_t row) {
    const T* token = from + r.source[row] / r.top_k * hidden;
    for_row<T>(hidden, [&](std::int64_t i, int n) { store_n(load_n(token + i, n), to + row * hidden + i, n); });
  });
}

/// y[t] = Σ_j weight_j·rows[choice j]; without weights each counts once.
template <class T>
void sum_choices(Stream stream, ConstView rows, const Sum<T>* weights, const Routes& routes, GradView y) {
  const std::int64_t hidden = rows.shape[1];
  const T* from = in<T>(rows);
  T* to = out<T>(y);
  const bool accumulate = y.accumulate;
  const Routes r = routes;
  for_each_row<T>(stream, "moe_combine", rows.shape, r.tokens, hidden, [=] __device__(std::int64_t t) {
    for_row<T>(hidden, [&](std::int64_t i, int n) {
      Lanes<T> sum;
      for (int l = 0; l < Lanes<T>::kCount; ++l) sum.v[l] = 0;
      for (std::int64_t j = t * r.top_k; j < (t + 1) * r.top_k; ++j) {
        const Sum<T> weight = weights == nullptr ? Sum<T>(1) : weights[j];
        const Lanes<T> v = load_n(from + r.row[j] * hidden + i, n);
        for (int l = 0; l < Lanes<T>::kCount; ++l) sum.v[l] += weight * v.v[l];
      }
      put_n(sum, to + t * hidden + i, n, accumulate);
    });
  });
}

/// drows[row(t, j)] = weights[t, j]·dy[t]; dweights[t, j] = ⟨dy[t], rows[row(t, j)]⟩.
template <class T>
void combine_gradients(Stream stream, ConstView rows, ConstView weights, const Routes& routes, ConstView dy,
                       GradView drows, GradView dweights) {
  using A = Sum<T>;
  const std::int64_t hidden = rows.shape[1];
  const T *from = in<T>(rows), *grads = in<T>(dy);
  const A* factors = in<A>(weights);
  T* to = out<T>(drows);
  A* to_weights = out<A>(dweights);
  const bool add_rows = drows.accumulate, add_weights = dweights.accumulate;
  const Routes r = routes;
  for_each_row<T>(stream, "moe_combine backward", rows.shape, rows.shape[0], hidden, [=] __device__(std::int64_t row) {
    const std::int64_t choice = r.source[row];
    const T* g = grads + choice / r.top_k * hidden;
    A part = 0;
    for_row<T>(hidden, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(g + i, n);
      const Lanes<T> own = load_n(from + row * hidden + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) {
        part += v.v[l] * own.v[l];
        v.v[l] *= factors[choice];
      }
      if (to != nullptr) put_n(v, to + row * hidden + i, n, add_rows);
    });
    if (to_weights == nullptr) return;
    const A sum = block_sum(part);
    if (threadIdx.x == 0) put(to_weights + choice, sum, add_weights);
  });
}

void gather(Stream stream, ConstView x, const RoutingView& routing, View rows) {
  on_type(x.dtype, [&](auto tag) { gather_typed<decltype(tag)>(stream, x, Routes(routing), rows); });
}

void gather_backward(Stream stream, ConstView drows, const RoutingView& routing, GradView dx) {
  on_type(drows.dtype, [&](auto tag) { sum_choices<decltype(tag)>(stream, drows, nullptr, Routes(routing), dx); });
}

void combine(Stream stream, ConstView rows, ConstView weights, const RoutingView& routing, View y) {
  on_type(rows.dtype, [&](auto tag) {
    using T = decltype(tag);
    sum_choices<T>(stream, rows, in<Sum<T>>(weights), Routes(routing), {y, false});
  });
}

void combine_backward(Stream stream, ConstView rows, ConstView weights, const RoutingView& routing, ConstView dy,
                      GradView drows, GradView dweights) {
  on_type(rows.dtype, [&](auto tag) {
    combine_gradients<decltype(tag)>(stream, rows, weights, Routes(routing), dy, drows, dweights);
  });
}

const bool registered = moe_rows_kernels.add(Device::cuda, {.gather = gather,
                                                            .gather_backward = gather_backward,
                                                            .combine = combine,
                                                            .combine_backward = combine_backward});

}  // namespace
}  // namespace eft::cuda
