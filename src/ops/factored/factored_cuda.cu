#include "backend/cuda/reduce.cuh"
#include "ops/factored/factored.h"

namespace eft::cuda {
namespace {

constexpr std::int64_t kPieces = 64;  ///< of a matrix's rows, each with its own sums of columns

template <class F>
void on_float(DType dtype, F f) {
  dtype == DType::f64 ? f(double{}) : f(float{});
}

/// The squares that the means move by.
template <class T>
struct Squares {
  const T *x, *y;  ///< y may be null
  T scale, epsilon;

  __device__ __forceinline__ T operator()(std::int64_t i) const {
    T value = x[i] * scale;
    if (y != nullptr) value -= y[i];
    return value * value + epsilon;
  }
};

/// A block a row: rows[row] ← β·rows[row] + (1 − β)·mean of its squares.
template <class T>
__global__ void row_means_kernel(Squares<T> squares, T* rows, std::int64_t columns, T beta) {
  const std::int64_t row = blockIdx.x;
  T sum = 0;
  for (std::int64_t j = threadIdx.x; j < columns; j += blockDim.x) sum += squares(row * columns + j);
  sum = block_sum(sum);
  if (threadIdx.x == 0) rows[row] = beta * rows[row] + (T(1) - beta) * (sum / static_cast<T>(columns));
}

/// A thread a column of a piece of a matrix's rows: partial[matrix, piece, column].
template <class T>
__global__ void column_sums_kernel(Squares<T> squares, T* partial, FactoredShape shape, std::int64_t count) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t at = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < count; at += stride) {
    const std::int64_t column = at % shape.columns, piece = at / shape.columns % kPieces;
    const std::int64_t matrix = at / shape.columns / kPieces;
    const std::int64_t begin = shape.rows * piece / kPieces, end = shape.rows * (piece + 1) / kPieces;
    T sum = 0;
    for (std::int64_t i = begin; i < end; ++i) sum += squares((matrix * shape.rows + i) * shape.columns + column);
    partial[at] = sum;
  }
}

template <class T>
void add_typed(Stream stream, const FactoredStep& s, ConstView x, ConstView y, View rows, View columns) {
  const FactoredShape shape(x.shape);
  if (x.shape.elements() == 0) return;
  const cudaStream_t queue = stream_of(stream);
  const Squares<T> squares{in<T>(x), in<T>(y), static_cast<T>(s.scale), static_cast<T>(s.epsilon)};
  const T beta = static_cast<T>(s.beta);
  launch("factored rows", x.shape, queue, {static_cast<unsigned>(shape.matrices * shape.rows), kThreads},
         row_means_kernel<T>, squares, out<T>(rows), shape.columns, beta);
  const std::int64_t count = shape.matrices * kPieces * shape.columns;
  const Scratch scratch(count * static_cast<std::int64_t>(sizeof(T)));
  T *partial = scratch.as<T>(), *means = out<T>(columns);
  const std::int64_t blocks = (count + kThreads - 1) / kThreads;
  launch("factored columns", x.shape, queue,
         {static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kThreads}, column_sums_kernel<T>, squares,
         partial, shape, count);
  for_each(stream, "factored columns", x.shape, shape.matrices * shape.columns, 1, [=] __device__(std::int64_t i, int) {
    const std::int64_t matrix = i / shape.columns, column = i % shape.columns;
    double sum = 0;
    for (std::int64_t piece = 0; piece < kPieces; ++piece) {
      sum += static_cast<double>(partial[(matrix * kPieces + piece) * shape.columns + column]);
    }
    means[i] = beta * means[i] + (T(1) - beta) * static_cast<T>(sum / static_cast<double>(shape.rows));
  });
}

/// A block a matrix: its mean of `rows`.
template <class T>
__global__ void mean_kernel(const T* rows, std::int64_t n, double* means) {
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += static_cast<double>(rows[blockIdx.x * n + i]);
  sum = block_sum(sum);
  if (threadIdx.x == 0) means[blockIdx.x] = sum / static_cast<double>(n);
}

template <class T>
void precondition_typed(Stream stream, ConstView x, double scale, ConstView rows, ConstView columns, View to) {
  const FactoredShape shape(x.shape);
  if (x.shape.elements() == 0) return;
  const Scratch scratch(shape.matrices * static_cast<std::int64_t>(sizeof(double)));
  double* means = scratch.as<double>();
  launch("factored mean", x.shape, stream_of(stream), {static_cast<unsigned>(shape.matrices), kThreads}, mean_kernel<T>,
         in<T>(rows), shape.rows, means);
  const T *from = in<T>(x), *r = in<T>(rows), *c = in<T>(columns);
  T* result = out<T>(to);
  for_each(stream, "factored precondition", x.shape, x.shape.elements(), 1, [=] __device__(std::int64_t i, int) {
    const std::int64_t row = i / shape.columns, matrix = row / shape.rows;
    const T factor = static_cast<T>(scale / sqrt(static_cast<double>(r[row]) / means[matrix]));
    result[i] = from[i] * factor / sqrt(c[matrix * shape.columns + i % shape.columns]);
  });
}

void add(Stream stream, const FactoredStep& s, ConstView x, ConstView y, View rows, View columns) {
  on_float(x.dtype, [&](auto tag) { add_typed<decltype(tag)>(stream, s, x, y, rows, columns); });
}

void precondition(Stream stream, ConstView x, double scale, ConstView rows, ConstView columns, View to) {
  on_float(x.dtype, [&](auto tag) { precondition_typed<decltype(tag)>(stream, x, scale, rows, columns, to); });
}

template <class T>
void clip_typed(Stream stream, View x, double threshold) {
  T* values = out<T>(x);
  const Scratch scratch(static_cast<std::int64_t>(sizeof(double)));
  double* divisor = scratch.as<double>();
  const std::int64_t count = x.shape.elements();
  sum_of(
      stream, "factored clip", x.shape, count,
      [=] __device__(std::int64_t i) { return static_cast<double>(values[i]) * static_cast<double>(values[i]); },
      [=] __device__(double sum) {
        const double excess = sqrt(sum / static_cast<double>(count)) / threshold;
        *divisor = excess > 1 ? excess : 1;
      });
  for_each_lanes<T>(stream, "factored clip", x.shape, [=] __device__(std::int64_t i, int n) {
    Lanes<T> v = load_n(values + i, n);
    const T by = static_cast<T>(*divisor);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] /= by;
    store_n(v, values + i, n);
  });
}

void clip(Stream stream, View x, double threshold) {
  on_float(x.dtype, [&](auto tag) { clip_typed<decltype(tag)>(stream, x, threshold); });
}

template <class T>
void average_typed(Stream stream, double beta, ConstView x, View y) {
  const T* from = in<T>(x);
  T* to = out<T>(y);
  const T kept = static_cast<T>(beta);
  for_each_lanes<T>(stream, "factored average", x.shape, [=] __device__(std::int64_t i, int n) {
    const Lanes<T> given = load_n(from + i, n);
    Lanes<T> v = load_n(to + i, n);
    for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] = v.v[l] * kept + given.v[l] * (T(1) - kept);
    store_n(v, to + i, n);
  });
}

void average(Stream stream, double beta, ConstView x, View y) {
  on_float(x.dtype, [&](auto tag) { average_typed<decltype(tag)>(stream, beta, x, y); });
}

const bool registered =
    factored_kernels.add(Device::cuda, {.add = add, .precondition = precondition, .clip = clip, .average = average});

}  // namespace
}  // namespace eft::cuda
