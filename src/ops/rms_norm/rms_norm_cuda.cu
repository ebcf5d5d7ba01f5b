#include "backend/cuda/rows.cuh"
#include "ops/rms_norm/rms_norm.h"

namespace eft::cuda {
namespace {

/// offset + weight, or 1 without a weight.
template <class T>
__device__ __forceinline__ Lanes<T> scale_at(const T* weight, std::int64_t i, int n, Sum<T> offset) {
  Lanes<T> scale;
  if (weight == nullptr) {
    for (int l = 0; l < Lanes<T>::kCount; ++l) scale.v[l] = 1;
    return scale;
  }
  scale = load_n(weight + i, n);
  for (int l = 0; l < Lanes<T>::kCount; ++l) scale.v[l] += offset;
  return scale;
}

template <class T>
void forward_typed(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView residual, View y,
                   View rstd) {
  using A = Sum<T>;
  const T *px = in<T>(x), *pw = in<T>(weight), *before = in<T>(residual);
  T* py = out<T>(y);
  A* pr = out<A>(rstd);
  const std::int64_t columns = s.columns;
  const A epsilon = static_cast<A>(s.epsilon), offset = static_cast<A>(s.weight_offset);
  for_each_row<T>(stream, "rms_norm", x.shape, s.rows, columns, [=] __device__(std::int64_t row) {
    const T* from = px + row * columns;
    A squares = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(from + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) squares += v.v[l] * v.v[l];
    });
    const A r = 1 / sqrt(block_sum(squares) / static_cast<A>(columns) + epsilon);
    if (threadIdx.x == 0) pr[row] = r;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(from + i, n);
      const Lanes<T> scale = scale_at(pw, i, n, offset);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = v.v[l] * r * scale.v[l];
      if (before != nullptr) {
        const Lanes<T> old = load_n(before + row * columns + i, n);
        for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = old.v[l] + widen(narrow<T>(v.v[l]));
      }
      store_n(v, py + row * columns + i, n);
    });
  });
}

/// dx = r·h − x·r³·(Σ h·x)/N with h = dy·(offset + w).
template <class T>
void input_gradient(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView rstd, ConstView dy,
                    GradView dx) {
  using A = Sum<T>;
  const T *px = in<T>(x), *pw = in<T>(weight), *pd = in<T>(dy);
  const A* pr = in<A>(rstd);
  T* to = out<T>(dx);
  const std::int64_t columns = s.columns;
  const A offset = static_cast<A>(s.weight_offset);
  const bool accumulate = dx.accumulate;
  for_each_row<T>(stream, "rms_norm backward", x.shape, s.rows, columns, [=] __device__(std::int64_t row) {
    const T *xs = px + row * columns, *ds = pd + row * columns;
    A dot = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(xs + i, n), g = load_n(ds + i, n), scale = scale_at(pw, i, n, offset);
      for (int l = 0; l < Lanes<T>::kCount; ++l) dot += g.v[l] * scale.v[l] * v.v[l];
    });
    const A r = pr[row];
    const A slope = r * r * r * (block_sum(dot) / static_cast<A>(columns));
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(xs + i, n), scale = scale_at(pw, i, n, offset);
      Lanes<T> g = load_n(ds + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] = g.v[l] * scale.v[l] * r - v.v[l] * slope;
      put_n(g, to + row * columns + i, n, accumulate);
    });
  });
}

/// partial[chunk, j] = Σ dy·x·r over the rows of one chunk, then dweight = Σ of the chunks.
template <class T, class G>
void weight_gradient(Stream stream, const RmsNormShape& s, ConstView x, ConstView rstd, ConstView dy, GradView dweight,
                     View partial) {
  using A = Sum<T>;
  const T *px = in<T>(x), *pd = in<T>(dy);
  const A* pr = in<A>(rstd);
  A* sums = out<A>(partial);
  const std::int64_t columns = s.columns, rows = s.rows, chunks = partial.shape[0];
  for_each(stream, "rms_norm backward", partial.shape, chunks * columns, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t chunk = at / columns, j = at - chunk * columns;
    const std::int64_t end = min(rows, (chunk + 1) * kRmsNormPartialRows);
    A sum = 0;
    for (std::int64_t row = chunk * kRmsNormPartialRows; row < end; ++row) {
      sum += widen(pd[row * columns + j]) * (widen(px[row * columns + j]) * pr[row]);
    }
    sums[at] = sum;
  });
  G* to = out<G>(dweight);
  const bool accumulate = dweight.accumulate;
  for_each(stream, "rms_norm backward", dweight.view.shape, columns, 1, [=] __device__(std::int64_t j, int) {
    A sum = 0;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk * columns + j];
    put(to + j, static_cast<Sum<G>>(sum), accumulate);
  });
}

void forward(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView residual, View y,
             View rstd) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, s, x, weight, residual, y, rstd); });
}

void backward(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView rstd, ConstView dy,
              GradView dx, GradView dweight, View partial) {
  on_type(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    if (dx) input_gradient<T>(stream, s, x, weight, rstd, dy, dx);
    if (!dweight) return;
    on_type(dweight.view.dtype,
            [&](auto grad) { weight_gradient<T, decltype(grad)>(stream, s, x, rstd, dy, dweight, partial); });
  });
}

const bool registered = rms_norm_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
