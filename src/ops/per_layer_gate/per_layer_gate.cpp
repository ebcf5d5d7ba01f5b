#include "ops/per_layer_gate/per_layer_gate.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

void check(const Var& gate, const Var& per_layer, std::int64_t layer) {
  const Shape& g = gate.shape();
  const Shape& p = per_layer.shape();
  expect(g.rank() == 2 && p.rank() == 3 && p[0] == g[0] && p[2] == g[1], "a per-layer input for each token's gate");
  expect(layer >= 0 && layer < p[1], "a layer that has a per-layer input");
  expect(gate.dtype() == per_layer.dtype(), "gate and per-layer input of one dtype");
}

void backward(Context& ctx, const Var& gate, const Var& per_layer, std::int64_t layer, const Tensor& dy) {
  const GradView dgate = gate.grad_target(*ctx.pool);
  const GradView dper_layer = per_layer.grad_target(*ctx.pool);
  if (const auto* kernels = per_layer_gate_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, gate.view(), per_layer.view(), layer, dy.view(), dgate, dper_layer);
  }
}

}  // namespace

Var per_layer_gate(Context& ctx, const Var& gate, const Var& per_layer, std::int64_t layer) {
  check(gate, per_layer, layer);
  Tensor y = ctx.output(gate.dtype(), gate.shape());
  if (const auto* kernels = per_layer_gate_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, gate.view(), per_layer.view(), layer, y.view());
  }
  return ctx.result("per_layer_gate", y, {&gate, &per_layer},
                    [=](Context& backward_ctx, Tensor& dy) { backward(backward_ctx, gate, per_layer, layer, dy); });
}

namespace {

const bool listed = list_kernels(per_layer_gate_kernels, timed<&PerLayerGateKernels::forward>("forward"),
                                 timed<&PerLayerGateKernels::backward>("backward"));

}  // namespace
}  // namespace eft
