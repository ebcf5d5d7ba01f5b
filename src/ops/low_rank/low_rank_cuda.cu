#include "backend/cuda/gemm.cuh"
#include "backend/cuda/unpacked.cuh"
#include "ops/low_rank/low_rank.h"

namespace eft {
namespace {

void forward(Stream stream, double scale, ConstView x, const WeightView& weight, ConstView a, ConstView b, View inner,
             View y) {
  const std::int64_t rows = x.shape[0];
  const std::int64_t rank = a.shape[0];
  cuda::gemm(stream, {.m = rows, .n = rank, .k = x.shape[1], .transpose_b = true, .alpha = scale}, x, a, inner);
  if (weight)
    cuda::gemm(stream, {.m = rows, .n = b.shape[0], .k = x.shape[1], .transpose_b = true}, x,
               cuda::Unpacked(stream, weight).view(), y);
  cuda::gemm(stream, {.m = rows, .n = b.shape[0], .k = rank, .transpose_b = true, .accumulate = true}, inner, b, y);
}

void backward(Stream stream, double scale, ConstView x, const WeightView& weight, ConstView a, ConstView b,
              ConstView inner, ConstView dy, View dinner, GradView dx, GradView da, GradView db) {
  const std::int64_t rows = x.shape[0];
  const std::int64_t rank = a.shape[0];
  if (db) {
    cuda::gemm(stream, {.m = b.shape[0], .n = rank, .k = rows, .transpose_a = true, .accumulate = db.accumulate}, dy,
               inner, db.view);
  }
  cuda::gemm(stream, {.m = rows, .n = rank, .k = b.shape[0], .alpha = scale}, dy, b, dinner);
  if (da) {
    cuda::gemm(stream, {.m = rank, .n = a.shape[1], .k = rows, .transpose_a = true, .accumulate = da.accumulate},
               dinner, x, da.view);
  }
  if (!dx) return;
  bool accumulate = dx.accumulate;
  if (weight) {
    cuda::gemm(stream, {.m = rows, .n = a.shape[1], .k = b.shape[0], .accumulate = accumulate}, dy,
               cuda::Unpacked(stream, weight).view(), dx.view);
    accumulate = true;
  }
  cuda::gemm(stream, {.m = rows, .n = a.shape[1], .k = rank, .accumulate = accumulate}, dinner, a, dx.view);
}

const bool registered = low_rank_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
