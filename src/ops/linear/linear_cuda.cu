#include "backend/cuda/gemm.cuh"
#include "backend/cuda/unpacked.cuh"
#include "ops/linear/linear.h"

namespace eft {
namespace {

void forward(Stream stream, ConstView x, const WeightView& weight, View y, bool accumulate) {
  cuda::gemm(stream,
             {.m = x.shape[0], .n = weight.shape[0], .k = x.shape[1], .transpose_b = true, .accumulate = accumulate}, x,
             cuda::Unpacked(stream, weight).view(), y);
}

void backward_input(Stream stream, ConstView dy, const WeightView& weight, GradView dx) {
  cuda::gemm(stream, {.m = dy.shape[0], .n = weight.shape[1], .k = dy.shape[1], .accumulate = dx.accumulate}, dy,
             cuda::Unpacked(stream, weight).view(), dx.view);
}

void backward_weight(Stream stream, ConstView dy, ConstView x, GradView dweight) {
  cuda::gemm(
      stream,
      {.m = dy.shape[1], .n = x.shape[1], .k = dy.shape[0], .transpose_a = true, .accumulate = dweight.accumulate}, dy,
      x, dweight.view);
}

const bool registered = linear_kernels.add(
    Device::cuda, {.forward = forward, .backward_input = backward_input, .backward_weight = backward_weight});

}  // namespace
}  // namespace eft
