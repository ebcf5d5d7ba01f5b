#include "ops/moe_gate/moe_gate.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

ExpertRouting make_routing(Context& ctx, std::int64_t tokens, std::int64_t experts, std::int64_t top_k) {
  return {.chosen = ctx.output(DType::i32, {tokens, top_k}),
          .row = ctx.output(DType::i32, {tokens, top_k}),
          .source = ctx.output(DType::i32, {tokens * top_k}),
          .offsets = ctx.output(DType::i32, {experts + 1})};
}

void backward(Context& ctx, const Var& logits, const Var& expert_scale, const Tensor& share,
              const ExpertRouting& routing, const Tensor& dweights) {
  const GradView dlogits = logits.grad_target(*ctx.pool);
  const GradView dscale = expert_scale.grad_target(*ctx.pool);
  if (const auto* kernels = moe_gate_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, expert_scale.view(), share.view(), views_of(routing), dweights.view(), dlogits,
                      dscale);
  }
}

}  // namespace

RoutingView views_of(const ExpertRouting& routing) {
  ExpertRouting copy = routing;
  return {copy.chosen.view(), copy.row.view(), copy.source.view(), copy.offsets.view()};
}

GateResult moe_gate(Context& ctx, const Var& logits, const Var& expert_scale, std::int64_t top_k) {
  const Shape& shape = logits.shape();
  expect(shape.rank() == 2 && expert_scale.shape() == Shape{shape[1]}, "a logit and a scale for each expert");
  expect(top_k > 0 && top_k <= shape[1], "no more experts chosen than there are");
  expect(logits.dtype() == expert_scale.dtype(), "logits and scale of one dtype");
  const DType accumulator = accumulator_of(logits.dtype());
  const ExpertRouting routing = make_routing(ctx, shape[0], shape[1], top_k);
  Tensor share = ctx.output(accumulator, {shape[0], top_k});
  Tensor weights = ctx.output(accumulator, {shape[0], top_k});
  if (const auto* kernels = moe_gate_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, logits.view(), expert_scale.view(), share.view(), weights.view(), views_of(routing));
  }
  const Var slot_of_logits(Tensor(), logits.slot());  // the backward needs the shares only
  Var result = ctx.result("moe_gate", weights, {&logits, &expert_scale},
                          [slot_of_logits, expert_scale, share, routing](Context& inner, Tensor& dweights) {
                            backward(inner, slot_of_logits, expert_scale, share, routing, dweights);
                          });
  return {.weights = std::move(result), .routing = routing};
}

namespace {

const bool listed = list_kernels(moe_gate_kernels, timed<&MoeGateKernels::forward>("forward"),
                                 timed<&MoeGateKernels::backward>("backward"));

}  // namespace
}  // namespace eft
