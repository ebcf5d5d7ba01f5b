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

/// A row's cosines and then sines, if it is rotated.
template <class A>
__device__ __forceinline__ const A* turn_of(const A* table, std::int64_t row, std::int64_t heads,
                                            std::int64_t columns) {
  return table == nullptr ? nullptr : table + row / heads * columns;
}

/// n elements of the accumulator's type, as many as Lanes<T> holds.
template <class T>
__device__ __forceinline__ Lanes<T> load_sums(const Sum<T>* p, int n) {
  constexpr int kStep = Lanes<Sum<T>>::kCount;
  Lanes<T> lanes;
#pragma unroll
  for (int at = 0; at < Lanes<T>::kCount; at += kStep) {
    const Lanes<Sum<T>> part = load_n(p + at, n - at < kStep ? n - at : kStep);
#pragma unroll
    for (int l = 0; l < kStep; ++l) lanes.v[at + l] = part.v[l];
  }
  return lanes;
}

enum class Turn { forwards, backwards };

/// Calls put(i, n, v) with the values at(i, n) of a row, turned where it is rotated.
template <class T, Turn kTurn, class At, class Put>
__device__ __forceinline__ void for_row_turned(std::int64_t columns, const Sum<T>* turn, At at, Put put) {
  if (turn == nullptr) {
    for_row<T>(columns, [&](std::int64_t i, int n) { put(i, n, at(i, n)); });
    return;
  }
  const std::int64_t half = columns / 2;
  for_row<T>(half, [&](std::int64_t i, int n) {
    const Lanes<T> low = at(i, n), high = at(half + i, n);
    const Lanes<T> cosine = load_sums<T>(turn + i, n), sine = load_sums<T>(turn + half + i, n);
    Lanes<T> first, second;
    for (int l = 0; l < Lanes<T>::kCount; ++l) {
      const Sum<T> side = kTurn == Turn::backwards ? -sine.v[l] : sine.v[l];
      first.v[l] = low.v[l] * cosine.v[l] - high.v[l] * side;
      second.v[l] = high.v[l] * cosine.v[l] + low.v[l] * side;
    }
    put(i, n, first);
    put(half + i, n, second);
  });
}

/// Column j of a row's gradient, turned back where it was rotated.
template <class T>
__device__ __forceinline__ Sum<T> turned_back(const T* dy, const Sum<T>* turn, std::int64_t j, std::int64_t columns) {
  const Sum<T> g = widen(dy[j]);
  if (turn == nullptr) return g;
  const std::int64_t half = columns / 2;
  if (j < half) return g * turn[j] + widen(dy[half + j]) * turn[half + j];
  return g * turn[j - half] - widen(dy[j - half]) * turn[j];
}

/// How many columns the threads of a block share at a time: pairs of them where rows are rotated.
std::int64_t shared_columns(const RmsNormShape& s, const ConstView& table) { return table ? s.columns / 2 : s.columns; }

template <class T>
void forward_typed(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView residual,
                   ConstView table, View y, View rstd) {
  using A = Sum<T>;
  const T *px = in<T>(x), *pw = in<T>(weight), *before = in<T>(residual);
  const A* turns = in<A>(table);
  T* py = out<T>(y);
  A* pr = out<A>(rstd);
  const std::int64_t columns = s.columns, heads = s.heads;
  const A epsilon = static_cast<A>(s.epsilon), offset = static_cast<A>(s.weight_offset);
  const std::int64_t shared = shared_columns(s, table);
  for_each_row<T>(stream, "rms_norm", x.shape, s.rows, shared, [=] __device__(std::int64_t row) {
    const T* from = px + row * columns;
    A squares = 0;
    for_row<T>(columns, [&](std::int64_t i, int n) {
      const Lanes<T> v = load_n(from + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) squares += v.v[l] * v.v[l];
    });
    const A r = 1 / sqrt(block_sum(squares) / static_cast<A>(columns) + epsilon);
    if (threadIdx.x == 0) pr[row] = r;
    const A* turn = turn_of(turns, row, heads, columns);
    const bool used_further = before != nullptr || turn != nullptr;
    const auto normed = [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(from + i, n);
      const Lanes<T> scale = scale_at(pw, i, n, offset);
      for (int l = 0; l < Lanes<T>::kCount; ++l) {
        v.v[l] = v.v[l] * r * scale.v[l];
        if (used_further) v.v[l] = widen(narrow<T>(v.v[l]));
      }
      return v;
    };
    for_row_turned<T, Turn::forwards>(columns, turn, normed, [&](std::int64_t i, int n, Lanes<T> v) {
      if (before != nullptr) {
        const Lanes<T> old = load_n(before + row * columns + i, n);
        for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = old.v[l] + v.v[l];
      }
      store_n(v, py + row * columns + i, n);
    });
  });
}

/// dx = r·h − x·r³·(Σ h·x)/N with h = dz·(offset + w), where z is the norm before it is rotated.
template <class T>
void input_gradient(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView rstd,
                    ConstView table, ConstView dy, GradView dx) {
  using A = Sum<T>;
  const T *px = in<T>(x), *pw = in<T>(weight), *pd = in<T>(dy);
  const A *pr = in<A>(rstd), *turns = in<A>(table);
  T* to = out<T>(dx);
  const std::int64_t columns = s.columns, heads = s.heads;
  const A offset = static_cast<A>(s.weight_offset);
  const bool accumulate = dx.accumulate;
  const std::int64_t shared = shared_columns(s, table);
  for_each_row<T>(stream, "rms_norm backward", x.shape, s.rows, shared, [=] __device__(std::int64_t row) {
    const T *xs = px + row * columns, *ds = pd + row * columns;
    const A* turn = turn_of(turns, row, heads, columns);
    const auto gradient = [&](std::int64_t i, int n) { return load_n(ds + i, n); };
    A dot = 0;
    for_row_turned<T, Turn::backwards>(columns, turn, gradient, [&](std::int64_t i, int n, const Lanes<T>& g) {
      const Lanes<T> v = load_n(xs + i, n), scale = scale_at(pw, i, n, offset);
      for (int l = 0; l < Lanes<T>::kCount; ++l) dot += g.v[l] * scale.v[l] * v.v[l];
    });
    const A r = pr[row];
    const A slope = r * r * r * (block_sum(dot) / static_cast<A>(columns));
    for_row_turned<T, Turn::backwards>(columns, turn, gradient, [&](std::int64_t i, int n, Lanes<T> g) {
      const Lanes<T> v = load_n(xs + i, n), scale = scale_at(pw, i, n, offset);
      for (int l = 0; l < Lanes<T>::kCount; ++l) g.v[l] = g.v[l] * scale.v[l] * r - v.v[l] * slope;
      put_n(g, to + row * columns + i, n, accumulate);
    });
  });
}

/// partial[chunk, j] = Σ dz·x·r over the rows of one chunk, then dweight = Σ of the chunks.
template <class T, class G>
void weight_gradient(Stream stream, const RmsNormShape& s, ConstView x, ConstView rstd, ConstView table, ConstView dy,
                     GradView dweight, View partial) {
  using A = Sum<T>;
  const T *px = in<T>(x), *pd = in<T>(dy);
  const A *pr = in<A>(rstd), *turns = in<A>(table);
  A* sums = out<A>(partial);
  const std::int64_t columns = s.columns, heads = s.heads, rows = s.rows, chunks = partial.shape[0];
  for_each(stream, "rms_norm backward", partial.shape, chunks * columns, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t chunk = at / columns, j = at - chunk * columns;
    const std::int64_t end = min(rows, (chunk + 1) * kRmsNormPartialRows);
    A sum = 0;
    for (std::int64_t row = chunk * kRmsNormPartialRows; row < end; ++row) {
      const A dz = turned_back(pd + row * columns, turn_of(turns, row, heads, columns), j, columns);
      sum += dz * (widen(px[row * columns + j]) * pr[row]);
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

void forward(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView residual, ConstView table,
             View y, View rstd) {
  on_type(x.dtype, [&](auto tag) { forward_typed<decltype(tag)>(stream, s, x, weight, residual, table, y, rstd); });
}

void backward(Stream stream, const RmsNormShape& s, ConstView x, ConstView weight, ConstView rstd, ConstView table,
              ConstView dy, GradView dx, GradView dweight, View partial) {
  on_type(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    if (dx) input_gradient<T>(stream, s, x, weight, rstd, table, dy, dx);
    if (!dweight) return;
    on_type(dweight.view.dtype,
            [&](auto grad) { weight_gradient<T, decltype(grad)>(stream, s, x, rstd, table, dy, dweight, partial); });
  });
}

const bool registered = rms_norm_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
