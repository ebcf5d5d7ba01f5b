#include "backend/cuda/gemm.cuh"
#include "backend/cuda/lanes.cuh"
#include "ops/grouped_low_rank/grouped_low_rank.h"

namespace eft::cuda {
namespace {

/// to[j, i] = from[i, j], added up when `accumulate`. from: [rows, columns].
template <class T>
void transpose(Stream stream, ConstView from, std::int64_t rows, std::int64_t columns, GradView to) {
  const T* source = in<T>(from);
  T* target = out<T>(to);
  const bool accumulate = to.accumulate;
  for_each(stream, "grouped_low_rank", from.shape, rows * columns, 1, [=] __device__(std::int64_t at, int) {
    const std::int64_t j = at / rows, i = at - j * rows;
    put(target + at, widen(source[i * columns + j]), accumulate);
  });
}

/// stack[g, o, ρ] = b[o, ρ·groups + g].
void stack_groups(Stream stream, ConstView b, View stack) {
  const std::int64_t groups = stack.shape[0], lines = stack.shape[1] * stack.shape[2];
  on_type(b.dtype, [&](auto tag) { transpose<decltype(tag)>(stream, b, lines, groups, {stack, false}); });
}

/// The way back: db[o, ρ·groups + g] = dstack[g, o, ρ].
void unstack_groups(Stream stream, View dstack, GradView db) {
  const std::int64_t groups = dstack.shape[0], lines = dstack.shape[1] * dstack.shape[2];
  on_type(dstack.dtype, [&](auto tag) { transpose<decltype(tag)>(stream, dstack, groups, lines, db); });
}

/// a as [groups, rank, in].
template <class V>
V by_group(V a, std::int64_t groups) {
  a.shape = {groups, a.shape[0] / groups, a.shape[1]};
  return a;
}

void forward(Stream stream, double scale, ConstView x, ConstView a, ConstView b, ConstView offsets, View stack,
             View inner, View y) {
  const Groups groups(offsets);
  stack_groups(stream, b, stack);
  grouped_gemm(stream, groups, {.alpha = scale}, x, by_group(a, groups.count()), inner);
  grouped_gemm(stream, groups, {.accumulate = true}, inner, stack, y);
}

void backward(Stream stream, double scale, ConstView x, ConstView a, ConstView b, ConstView offsets, ConstView inner,
              ConstView dy, View stack, View dstack, View dinner, GradView dx, GradView da, GradView db) {
  const Groups groups(offsets);
  if (db) {
    grouped_gemm_weight(stream, groups, dy, inner, dstack, false);
    unstack_groups(stream, dstack, db);
  }
  stack_groups(stream, b, stack);
  grouped_gemm(stream, groups, {.transposed = true, .alpha = scale}, dy, stack, dinner);
  if (da) grouped_gemm_weight(stream, groups, dinner, x, by_group(da.view, groups.count()), da.accumulate);
  if (dx) {
    grouped_gemm(stream, groups, {.transposed = true, .accumulate = dx.accumulate}, dinner, by_group(a, groups.count()),
                 dx.view);
  }
}

const bool registered = grouped_low_rank_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
