#include "ops/factored/factored.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/factored/factored_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 15;
constexpr std::int64_t kMostPieces = 64;  ///< of a matrix, each with its own sums of columns

template <class F>
void on_float(DType dtype, F f) {
  dtype == DType::f64 ? f(double{}) : f(float{});
}

/// One matrix and its means.
template <class T>
struct Matrix {
  const T *x, *y;  ///< y may be null
  T *rows, *columns;
  std::int64_t n, m;
};

/// Adds the squares of row i to `sums` and returns their sum.
template <class T>
double add_squares(const Matrix<T>& a, std::int64_t i, const FactoredStep& s, T* sums) {
  const Tag<T> d;
  const auto scale = hn::Set(d, static_cast<T>(s.scale)), epsilon = hn::Set(d, static_cast<T>(s.epsilon));
  auto row = hn::Zero(d);
  for_each_vector(d, a.m, [&](std::int64_t j, std::size_t count) {
    auto value = hn::Mul(load_n(d, a.x + i * a.m + j, count), scale);
    if (a.y != nullptr) value = hn::Sub(value, load_n(d, a.y + i * a.m + j, count));
    const auto square = hn::MulAdd(value, value, epsilon);
    store_n(d, hn::Add(load_n(d, sums + j, count), square), sums + j, count);
    row = hn::Add(row, hn::IfThenElse(hn::FirstN(d, count), square, hn::Zero(d)));
  });
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, row)));
}

template <class T>
void add_matrix(const Matrix<T>& a, const FactoredStep& s) {
  const std::int64_t piece = std::max((a.n + kMostPieces - 1) / kMostPieces, std::int64_t{1});
  const std::int64_t pieces = (a.n + piece - 1) / piece;
  std::vector<T> sums(static_cast<std::size_t>(pieces * a.m), T(0));
  const T beta = static_cast<T>(s.beta), rest = static_cast<T>(1 - s.beta);
  parallel_for(a.n, piece, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const double sum = add_squares(a, i, s, sums.data() + begin / piece * a.m);
      a.rows[i] = beta * a.rows[i] + rest * static_cast<T>(sum / static_cast<double>(a.m));
    }
  });
  parallel_for(a.m, kElementsPerTask / pieces + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t j = begin; j < end; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < pieces; ++p) sum += static_cast<double>(sums[static_cast<std::size_t>(p * a.m + j)]);
      a.columns[j] = beta * a.columns[j] + rest * static_cast<T>(sum / static_cast<double>(a.n));
    }
  });
}

void add(Stream, const FactoredStep& s, ConstView x, ConstView y, View rows, View columns) {
  const FactoredShape shape(x.shape);
  on_float(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    for (std::int64_t k = 0; k < shape.matrices; ++k) {
      const std::int64_t at = k * shape.rows * shape.columns;
      add_matrix<T>({.x = x.as<T>() + at,
                     .y = y ? y.as<T>() + at : nullptr,
                     .rows = rows.as<T>() + k * shape.rows,
                     .columns = columns.as<T>() + k * shape.columns,
                     .n = shape.rows,
                     .m = shape.columns},
                    s);
    }
  });
}

template <class T>
void precondition_matrix(const Matrix<const T>& a, double scale, T* to) {
  const Tag<T> d;
  double sum = 0;
  for (std::int64_t i = 0; i < a.n; ++i) sum += static_cast<double>(a.rows[i]);
  const double mean = sum / static_cast<double>(a.n);
  parallel_for(a.n, kElementsPerTask / std::max(a.m, std::int64_t{1}) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto factor = hn::Set(d, static_cast<T>(scale / std::sqrt(static_cast<double>(a.rows[i]) / mean)));
      for_each_vector(d, a.m, [&](std::int64_t j, std::size_t count) {
        const auto value = hn::Mul(load_n(d, a.x + i * a.m + j, count), factor);
        store_n(d, hn::Div(value, hn::Sqrt(load_n(d, a.columns + j, count))), to + i * a.m + j, count);
      });
    }
  });
}

void precondition(Stream, ConstView x, double scale, ConstView rows, ConstView columns, View to) {
  const FactoredShape shape(x.shape);
  on_float(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    for (std::int64_t k = 0; k < shape.matrices; ++k) {
      const std::int64_t at = k * shape.rows * shape.columns;
      precondition_matrix<T>({.x = x.as<T>() + at,
                              .y = nullptr,
                              .rows = rows.as<T>() + k * shape.rows,
                              .columns = columns.as<T>() + k * shape.columns,
                              .n = shape.rows,
                              .m = shape.columns},
                             scale, to.as<T>() + at);
    }
  });
}

template <class T>
double sum_of_squares(const T* x, std::int64_t count) {
  std::vector<double> sums(static_cast<std::size_t>((count + kElementsPerTask - 1) / kElementsPerTask), 0.0);
  parallel_for(count, kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
    const Tag<T> d;
    auto sum = hn::Zero(d);
    for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
      const auto value = load_n(d, x + begin + i, n);
      sum = hn::MulAdd(value, value, sum);
    });
    sums[static_cast<std::size_t>(begin / kElementsPerTask)] = static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

void clip(Stream, View x, double threshold) {
  on_float(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    T* const values = x.as<T>();
    const std::int64_t count = x.shape.elements();
    const double rms =
        std::sqrt(sum_of_squares<T>(values, count) / static_cast<double>(std::max<std::int64_t>(count, 1)));
    if (!(rms > threshold)) return;
    parallel_for(count, kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto by = hn::Set(d, static_cast<T>(rms / threshold));
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        store_n(d, hn::Div(load_n(d, values + begin + i, n), by), values + begin + i, n);
      });
    });
  });
}

void average(Stream, double beta, ConstView x, View y) {
  on_float(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(x.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      const auto kept = hn::Set(d, static_cast<T>(beta)), rest = hn::Set(d, static_cast<T>(1 - beta));
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto old = hn::Mul(load_n(d, y.as<T>() + begin + i, n), kept);
        store_n(d, hn::MulAdd(load_n(d, x.as<T>() + begin + i, n), rest, old), y.as<T>() + begin + i, n);
      });
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

HWY_EXPORT(add);
HWY_EXPORT(precondition);
HWY_EXPORT(clip);
HWY_EXPORT(average);

const bool registered = factored_kernels.add(
    Device::cpu, {.add = [](auto... args) { HWY_DYNAMIC_DISPATCH(add)
                                            (args...); },
                  .precondition = [](auto... args) { HWY_DYNAMIC_DISPATCH(precondition)
                                                     (args...); },
                  .clip = [](auto... args) { HWY_DYNAMIC_DISPATCH(clip)
                                             (args...); },
                  .average = [](auto... args) { HWY_DYNAMIC_DISPATCH(average)
                                                (args...); }});

}  // namespace
}  // namespace eft
#endif
