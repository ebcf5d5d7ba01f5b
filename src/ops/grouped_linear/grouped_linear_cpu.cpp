#include "backend/cpu/grouped_gemm.h"
#include "ops/grouped_linear/grouped_linear.h"

namespace eft {
namespace {

cpu::Groups groups_of(ConstView offsets) { return {offsets.as<std::int32_t>(), offsets.shape[0] - 1}; }

void forward(Stream, ConstView x, const WeightView& weight, ConstView offsets, View y) {
  cpu::grouped_gemm(groups_of(offsets), x, weight, false, y, false);
}

void backward_input(Stream, ConstView dy, const WeightView& weight, ConstView offsets, GradView dx) {
  cpu::grouped_gemm(groups_of(offsets), dy, weight, true, dx.view, dx.accumulate);
}

void backward_weight(Stream, ConstView dy, ConstView x, ConstView offsets, GradView dweight) {
  cpu::grouped_gemm_weight(groups_of(offsets), dy, x, dweight.view, dweight.accumulate);
}

const bool registered = grouped_linear_kernels.add(
    Device::cpu, {.forward = forward, .backward_input = backward_input, .backward_weight = backward_weight});

}  // namespace
}  // namespace eft
