#include "ops/geglu/geglu.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& gate, const Var& up, const Tensor& dy) {
  const GradView dgate = gate.grad_target(*ctx.pool);
  const GradView dup = up.grad_target(*ctx.pool);
  if (const auto* kernels = geglu_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, gate.view(), up.view(), dy.view(), dgate, dup);
  }
}

}  // namespace

Var geglu(Context& ctx, const Var& gate, const Var& up) {
  expect(gate.shape() == up.shape() && gate.dtype() == up.dtype(), "gate and up of one shape and dtype");
  Tensor y = ctx.output(gate.dtype(), gate.shape());
  if (const auto* kernels = geglu_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, gate.view(), up.view(), y.view());
  }
  return ctx.result("geglu", y, {&gate, &up},
                    [=](Context& backward_ctx, Tensor& dy) { backward(backward_ctx, gate, up, dy); });
}

Var geglu(Context& ctx, const Var& gate_up) {
  const Shape& shape = gate_up.shape();
  expect(shape.rank() == 2 && shape[1] % 2 == 0, "gate and up of one width in a row");
  Tensor y = ctx.output(gate_up.dtype(), {shape[0], shape[1] / 2});
  if (const auto* kernels = geglu_kernels.find(ctx.device())) {
    kernels->packed_forward(ctx.stream, gate_up.view(), y.view());
  }
  return ctx.result("geglu", y, {&gate_up}, [gate_up](Context& inner, Tensor& dy) {
    const GradView dgate_up = gate_up.grad_target(*inner.pool);
    if (const auto* kernels = geglu_kernels.find(inner.device())) {
      kernels->packed_backward(inner.stream, gate_up.view(), dy.view(), dgate_up);
    }
  });
}

namespace {

const bool listed = list_kernels(
    geglu_kernels, timed<&GegluKernels::forward>("forward"), timed<&GegluKernels::backward>("backward"),
    timed<&GegluKernels::packed_forward>("packed_forward"), timed<&GegluKernels::packed_backward>("packed_backward"));

}  // namespace
}  // namespace eft
