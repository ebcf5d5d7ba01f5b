#include "ops/adopt/adopt.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Three updates of several parameters at once, one of which is longer than a device's chunk, one empty, one bounded
/// and one with a rounded copy.
std::vector<Var> update_list(Context& ctx, std::span<const Var> in) {
  std::vector<Var> results;
  std::vector<AdoptTensors> parameters;
  const DType dtype = accumulator_of(in[0].dtype());
  for (const Var& value : in) {
    Tensor p = ctx.output(dtype, value.shape()), g = ctx.output(dtype, value.shape());
    Tensor m = ctx.output(dtype, value.shape()), v = ctx.output(dtype, value.shape());
    convert(value.value(), p);
    convert(value.value(), g);
    zero(m);
    zero(v);
    parameters.push_back(
        {{.gradient = g.view(), .exact = p.view(), .learning_rate = 0.1, .weight_decay = 0.01}, m.view(), v.view()});
    results.insert(results.end(), {Var(p), Var(m), Var(v), Var(g)});
  }
  parameters[1].parameter.clip = 0.5;
  Tensor rounded = ctx.output(dtype == DType::f64 ? DType::f64 : DType::bf16, in[3].shape());
  if (dtype != DType::f64) parameters[3].parameter.rounded = rounded.view();
  convert(in[3].value(), rounded);
  if (const auto* kernels = adopt_kernels.find(ctx.device())) {
    for (int step = 0; step < 3; ++step) {
      for (AdoptTensors& one : parameters) one.begins = step == 0;
      kernels->update(ctx.stream, {0.9, 0.99, 1e-6, 0.75, 0.5}, parameters);
    }
  }
  return results;
}

const bool whole_list = add_op_case({.name = "adopt/whole_list",
                                     .slot = "adopt",
                                     .inputs = {{.shape = {16387}, .wants_grad = false},
                                                {.shape = {5, 7}, .wants_grad = false},
                                                {.shape = {0}, .wants_grad = false},
                                                {.shape = {1}, .wants_grad = false},
                                                {.shape = {64}, .wants_grad = false}},
                                     .run = update_list});

}  // namespace
}  // namespace eft
