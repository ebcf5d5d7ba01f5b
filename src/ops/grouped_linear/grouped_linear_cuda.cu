#include "backend/cuda/gemm.cuh"
#include "backend/cuda/unpacked.cuh"
#include "ops/grouped_linear/grouped_linear.h"

namespace eft {
namespace {

void forward(Stream stream, ConstView x, const WeightView& weight, ConstView offsets, View y) {
  cuda::grouped_gemm(stream, cuda::Groups(offsets), {}, x, cuda::Unpacked(stream, weight).view(), y);
}

void backward_input(Stream stream, ConstView dy, const WeightView& weight, ConstView offsets, GradView dx) {
  cuda::grouped_gemm(stream, cuda::Groups(offsets), {.transposed = true, .accumulate = dx.accumulate}, dy,
                     cuda::Unpacked(stream, weight).view(), dx.view);
}

void backward_weight(Stream stream, ConstView dy, ConstView x, ConstView offsets, GradView dweight) {
  cuda::grouped_gemm_weight(stream, cuda::Groups(offsets), dy, x, dweight.view, dweight.accumulate);
}

const bool registered = grouped_linear_kernels.add(
    Device::cuda, {.forward = forward, .backward_input = backward_input, .backward_weight = backward_weight});

}  // namespace
}  // namespace eft
