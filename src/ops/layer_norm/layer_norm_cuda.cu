#include "backend/cuda/rows.cuh"
#include "ops/layer_norm/layer_norm.h"

namespace eft::cuda {
namespace {

template <class T>
void forward_typed(Stream stream, double epsilon, ConstView x, ConstView weight, ConstView bias, View y, View stats) {
  using A = Sum<T>;
  const std::int64_t columns = x.shape[1];
  const T *px = in<T>(x), *pw = in<T>(weight), *pb = in<T>(bias);
  T* py = out<T>(y);
  A* ps = out<A>(stats);
  const A size = static_cast<A>(columns), eps = static_cast<A>(epsilon);
  for_each_row<T>(stream, "layer_norm", x.shape, x.shape[0], columns, [=] __device__(std::int64_t row) {
    const T* from = px + row * columns;
    A sum = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(from + i, n);
      for (int l = 0; l < n; ++l) sum += v.v[l];
    });
    const A mean = block_sum(sum) / size;
    A squares = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(from + i, n);
      for (int l = 0; l < n; ++l) squares += (v.v[l] - mean) * (v.v[l] - mean);
    });
    const A rstd = 1 / sqrt(block_sum(squares) / size + eps);
    if (threadIdx.x == 0) {
      ps[2 * row] = mean;
      ps[2 * row + 1] = rstd;
    }
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(from + i, n);
      const Lanes<T> w = load_n(pw + i, n), b = load_n(pb + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = (v.v[l] - mean) * rstd * w.v[l] + b.v[l];
      store_n(v, py + row * columns + i, n);
    });
  });
}

void forward(Stream stream, double epsilon, ConstView x, ConstView weight, ConstView bias, View y, View stats) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, epsilon, x, weight, bias, y, stats); });
}

/// dx = r·(h − mean(h) − z·mean(h·z)) with h = dy·weight and z the normalised row.
template <class T>
void input_gradient(Stream stream, ConstView x, ConstView weight, ConstView stats, ConstView dy, GradView dx) {
  using A = Sum<T>;
  const std::int64_t columns = x.shape[1];
  const T *px = in<T>(x), *pw = in<T>(weight), *pd = in<T>(dy);
  const A* ps = in<A>(stats);
  T* to = out<T>(dx);
  const bool accumulate = dx.accumulate;
  const A size = static_cast<A>(columns);
  for_each_row<T>(stream, "layer_norm backward", x.shape, x.shape[0], columns, [=] __device__(std::int64_t row) {
    const T *xs = px + row * columns, *ds = pd + row * columns;
    const A mean = ps[2 * row], rstd = ps[2 * row + 1];
    A sum = 0, dot = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(xs + i, n), w = load_n(pw + i, n), g = load_n(ds + i, n);
      for (int l = 0; l < n; ++l) {
        const A h = g.v[l] * w.v[l];
        sum += h;
        dot += h * ((v.v[l] - mean) * rstd);
      }
    });
    const A mean_h = block_sum(sum) / size;
    const A mean_hz = block_sum(dot) / size;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(xs + i, n), w = load_n(pw + i, n);
      Lanes<T> g = load_n(ds + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) {
        g.v[l] = (g.v[l] * w.v[l] - mean_h - (v.v[l] - mean) * rstd * mean_hz) * rstd;
      }
      put_n(g, to + row * columns + i, n, accumulate);
    });
  });
}

/// to = Σ of the chunks, each [columns].
template <class A>
void add_chunks(Stream stream, std::int64_t columns, std::int64_t chunks, const A* sums, GradView grad) {
  if (!grad) return;
  expect(grad.view.dtype == kDTypeOf<A>, "gradients of parameters in the accumulator's dtype");
  A* to = out<A>(grad);
  const bool accumulate = grad.accumulate;
  for_each(stream, "layer_norm backward", grad.view.shape, columns, 1, [=] __device__(std::int64_t j, int) {
    A sum = 0;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk * columns + j];
    put(to + j, sum, accumulate);
  });
}

/// The partial sums of dweight = Σ dy·z and dbias = Σ dy, then their sums.
template <class T>
void parameter_gradients(Stream stream, ConstView x, ConstView stats, ConstView dy, GradView dweight, GradView dbias,
                         View partial) {
  using A = Sum<T>;
  const std::int64_t columns = x.shape[1], rows = x.shape[0], chunks = layer_norm_chunks(rows);
  const T *px = in<T>(x), *pd = in<T>(dy);
  const A* ps = in<A>(stats);
  A *of_weight = out<A>(partial), *of_bias = of_weight + chunks * columns;
  for_each(stream, "layer_norm backward", partial.shape, chunks * columns, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t chunk = at / columns, j = at - chunk * columns;
    const std::int64_t end = min(rows, (chunk + 1) * kLayerNormPartialRows);
    A weight_sum = 0, bias_sum = 0;
    for (std::int64_t row = chunk * kLayerNormPartialRows; row < end; ++row) {
      const A g = widen(pd[row * columns + j]);
      weight_sum += g * ((widen(px[row * columns + j]) - ps[2 * row]) * ps[2 * row + 1]);
      bias_sum += g;
    }
    of_weight[at] = weight_sum;
    of_bias[at] = bias_sum;
  });
  add_chunks(stream, columns, chunks, of_weight, dweight);
  add_chunks(stream, columns, chunks, of_bias, dbias);
}

void backward(Stream stream, ConstView x, ConstView weight, ConstView stats, ConstView dy, GradView dx,
              GradView dweight, GradView dbias, View partial) {
  on_type(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    if (dx) input_gradient<T>(stream, x, weight, stats, dy, dx);
    if (partial) parameter_gradients<T>(stream, x, stats, dy, dweight, dbias, partial);
  });
}

const bool registered = layer_norm_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
