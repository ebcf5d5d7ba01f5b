#include <limits>

#include "backend/cuda/gemm.cuh"
#include "backend/cuda/unpacked.cuh"
#include "backend/cuda/lanes.cuh"
#include "ops/sparse_linear/sparse_linear.h"

namespace eft::cuda {
namespace {

void multiply(Stream stream, ConstView a, const WeightView& b, bool transposed, GradView c) {
  gemm(stream,
       {.m = a.shape[0], .n = c.view.shape[1], .k = a.shape[1], .transpose_b = transposed, .accumulate = c.accumulate},
       a, Unpacked(stream, b).view(), c.view);
}

void from_pattern(Stream stream, ConstView, ConstView a, const WeightView& b, bool transposed, GradView c) {
  multiply(stream, a, b, transposed, c);
}

template <class T>
void put_wanted(Stream stream, ConstView pattern, ConstView all, GradView c) {
  const T *from = in<T>(all), *wanted = in<T>(pattern);
  T* const to = out<T>(c);
  const bool accumulate = c.accumulate;
  for_each(stream, "sparse_linear", all.shape, all.shape.elements(), 1, [=] __device__(std::int64_t i, int) {
    put(to + i, widen(wanted[i]) != 0 ? widen(from[i]) : Sum<T>(0), accumulate);
  });
}

void to_pattern(Stream stream, ConstView pattern, ConstView a, const WeightView& b, bool transposed, GradView c) {
  const Scratch space(c.view.shape.elements() * static_cast<std::int64_t>(size_of(c.view.dtype)));
  const View all{space.as<void>(), c.view.dtype, c.view.shape};
  multiply(stream, a, b, transposed, {all, false});
  on_type(all.dtype, [&](auto tag) { put_wanted<decltype(tag)>(stream, pattern, all, c); });
}

template <class T>
void clear_unwanted(Stream stream, ConstView pattern, View x) {
  const T* const wanted = in<T>(pattern);
  T* const to = out<T>(x);
  for_each(stream, "sparse_linear", x.shape, x.shape.elements(), 1, [=] __device__(std::int64_t i, int) {
    if (widen(wanted[i]) == 0) to[i] = narrow<T>(Sum<T>(0));
  });
}

void clear(Stream stream, ConstView pattern, View x) {
  on_type(x.dtype, [&](auto tag) { clear_unwanted<decltype(tag)>(stream, pattern, x); });
}

/// Tensor cores multiply all elements faster than others find the few.
const bool registered =
    sparse_linear_kernels.add(Device::cuda, {.least_sparsity = std::numeric_limits<double>::infinity(),
                                             .from_pattern = from_pattern,
                                             .to_pattern = to_pattern,
                                             .clear = clear});

}  // namespace
}  // namespace eft::cuda
