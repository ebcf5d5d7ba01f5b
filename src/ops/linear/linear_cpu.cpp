#include "backend/cpu/gemm.h"
#include "ops/linear/linear.h"

namespace eft {
namespace {

void forward(Stream, ConstView x, const WeightView& weight, View y, bool accumulate) {
  cpu::gemm({.m = x.shape[0],
             .n = weight.shape[0],
             .k = x.shape[1],
             .transpose_a = false,
             .transpose_b = true,
             .accumulate = accumulate},
            x, weight, y);
}

void backward_input(Stream, ConstView dy, const WeightView& weight, GradView dx) {
  cpu::gemm({.m = dy.shape[0],
             .n = weight.shape[1],
             .k = dy.shape[1],
             .transpose_a = false,
             .transpose_b = false,
             .accumulate = dx.accumulate},
            dy, weight, dx.view);
}

void backward_weight(Stream, ConstView dy, ConstView x, GradView dweight) {
  cpu::gemm({.m = dy.shape[1],
             .n = x.shape[1],
             .k = dy.shape[0],
             .transpose_a = true,
             .transpose_b = false,
             .accumulate = dweight.accumulate},
            dy, x, dweight.view);
}

const bool registered = linear_kernels.add(
    Device::cpu, {.forward = forward, .backward_input = backward_input, .backward_weight = backward_weight});

}  // namespace
}  // namespace eft
