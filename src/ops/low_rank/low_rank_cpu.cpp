#include "backend/cpu/gemm.h"
#include "ops/low_rank/low_rank.h"
#include "ops/scale/scale.h"

namespace eft {
namespace {

void multiply(View view, double factor) { scale_kernels.find(Device::cpu)->forward({}, view, {}, factor, view); }

void forward(Stream, double scale, ConstView x, const WeightView& weight, ConstView a, ConstView b, View inner,
             View y) {
  const std::int64_t rows = x.shape[0];
  const std::int64_t rank = a.shape[0];
  cpu::gemm({.m = rows, .n = rank, .k = x.shape[1], .transpose_b = true}, x, a, inner);
  multiply(inner, scale);
  const cpu::GemmShape of_weight{.m = rows, .n = b.shape[0], .k = x.shape[1], .transpose_b = true};
  if (weight) return cpu::gemm(of_weight, x, weight, {inner, b, rank}, y);
  cpu::gemm({.m = rows, .n = b.shape[0], .k = rank, .transpose_b = true, .accumulate = true}, inner, b, y);
}

void backward(Stream, double scale, ConstView x, const WeightView& weight, ConstView a, ConstView b, ConstView inner,
              ConstView dy, View dinner, GradView dx, GradView da, GradView db) {
  const std::int64_t rows = x.shape[0];
  const std::int64_t rank = a.shape[0];
  if (db) {
    cpu::gemm({.m = b.shape[0], .n = rank, .k = rows, .transpose_a = true, .accumulate = db.accumulate}, dy, inner,
              db.view);
  }
  cpu::gemm({.m = rows, .n = rank, .k = b.shape[0]}, dy, b, dinner);
  multiply(dinner, scale);
  if (da) {
    cpu::gemm({.m = rank, .n = a.shape[1], .k = rows, .transpose_a = true, .accumulate = da.accumulate}, dinner, x,
              da.view);
  }
  if (!dx) return;
  const cpu::GemmShape of_weight{.m = rows, .n = a.shape[1], .k = b.shape[0], .accumulate = dx.accumulate};
  if (weight) return cpu::gemm(of_weight, dy, weight, {dinner, a, rank}, dx.view);
  cpu::gemm({.m = rows, .n = a.shape[1], .k = rank, .accumulate = dx.accumulate}, dinner, a, dx.view);
}

const bool registered = low_rank_kernels.add(Device::cpu, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
