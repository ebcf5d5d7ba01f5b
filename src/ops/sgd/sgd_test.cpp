#include "ops/sgd/sgd.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Two updates of several parameters at once, one of which is longer than a device's chunk, one empty, one bounded, one
/// with a rounded copy and one that is updated for the first time in the second step.
std::vector<Var> update_list(Context& ctx, std::span<const Var> in, const SgdStep& step) {
  std::vector<Var> results;
  std::vector<SgdTensors> parameters;
  const DType dtype = accumulator_of(in[0].dtype());
  for (const Var& value : in) {
    Tensor p = ctx.output(dtype, value.shape()), g = ctx.output(dtype, value.shape());
    Tensor b = ctx.output(dtype, value.shape());
    convert(value.value(), p);
    convert(value.value(), g);
    zero(b);
    SgdTensors one{{.gradient = g.view(), .exact = p.view(), .learning_rate = 0.1, .weight_decay = 0.01}};
    if (step.momentum > 0) one.momentum = b.view();
    parameters.push_back(one);
    results.insert(results.end(), {Var(p), Var(b), Var(g)});
  }
  parameters[1].parameter.clip = 0.5;
  Tensor rounded = ctx.output(dtype == DType::f64 ? DType::f64 : DType::bf16, in[3].shape());
  if (dtype != DType::f64) parameters[3].parameter.rounded = rounded.view();
  convert(in[3].value(), rounded);
  if (const auto* kernels = sgd_kernels.find(ctx.device())) {
    for (SgdTensors& one : parameters) one.first = &one != &parameters.back();
    kernels->update(ctx.stream, step, std::span(parameters).first(in.size() - 1));
    for (SgdTensors& one : parameters) one.first = &one == &parameters.back();
    kernels->update(ctx.stream, step, parameters);
  }
  return results;
}

OpCase list_case(std::string name, SgdStep step) {
  return {.name = std::move(name),
          .slot = "sgd",
          .inputs = {{.shape = {16387}, .wants_grad = false},
                     {.shape = {5, 7}, .wants_grad = false},
                     {.shape = {0}, .wants_grad = false},
                     {.shape = {1}, .wants_grad = false},
                     {.shape = {64}, .wants_grad = false}},
          .run = [step](Context& ctx, std::span<const Var> in) { return update_list(ctx, in, step); }};
}

const bool plain =
    add_op_case(list_case("sgd/plain", {.momentum = 0, .dampening = 0, .nesterov = false, .gradient_scale = 0.5}));
const bool damped =
    add_op_case(list_case("sgd/damped", {.momentum = 0.9, .dampening = 0.2, .nesterov = false, .gradient_scale = 0.5}));
const bool nesterov =
    add_op_case(list_case("sgd/nesterov", {.momentum = 0.9, .dampening = 0, .nesterov = true, .gradient_scale = 0.5}));

}  // namespace
}  // namespace eft
