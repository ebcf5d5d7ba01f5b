#include "ops/lion/lion.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Two updates of several parameters at once, one of which is longer than a device's chunk, one empty, one bounded and
/// one with a rounded copy.
std::vector<Var> update_list(Context& ctx, std::span<const Var> in, bool coded) {
  std::vector<Var> results;
  std::vector<LionTensors> parameters;
  std::vector<Tensor> states;
  const DType dtype = accumulator_of(in[0].dtype());
  for (const Var& value : in) {
    Tensor p = ctx.output(dtype, value.shape()), g = ctx.output(dtype, value.shape());
    Tensor m = ctx.output(coded ? DType::u8 : dtype, value.shape());
    Tensor scales = ctx.output(DType::f32, {CodedState::blocks(value.shape())});
    convert(value.value(), p);
    convert(value.value(), g);
    zero(m);
    zero(scales);
    LionTensors one{{.gradient = g.view(), .exact = p.view(), .learning_rate = 0.1, .weight_decay = 0.01}};
    coded ? void(one.coded = {m.view(), scales.view()}) : void(one.moment = m.view());
    parameters.push_back(one);
    states.insert(states.end(), {m, scales});
    results.insert(results.end(), {Var(p), Var(g)});
    if (!coded) results.emplace_back(m);
  }
  parameters[1].parameter.clip = 0.5;
  Tensor rounded = ctx.output(dtype == DType::f64 ? DType::f64 : DType::bf16, in[3].shape());
  if (dtype != DType::f64) parameters[3].parameter.rounded = rounded.view();
  convert(in[3].value(), rounded);
  if (const auto* kernels = lion_kernels.find(ctx.device())) {
    const auto update = coded ? kernels->update_coded : kernels->update;
    for (int step = 0; step < 2; ++step) update(ctx.stream, {0.9, 0.99, 0.5}, parameters);
  }
  return results;
}

OpCase list_case(std::string name, bool coded) {
  const double gap = 0.01;  // the sign of what is nearly nothing is anybody's
  return {.name = std::move(name),
          .slot = "lion",
          .inputs = {{.shape = {16387}, .wants_grad = false, .gap = gap},
                     {.shape = {5, 7}, .wants_grad = false, .gap = gap},
                     {.shape = {0}, .wants_grad = false},
                     {.shape = {1}, .wants_grad = false, .gap = gap},
                     {.shape = {64}, .wants_grad = false, .gap = gap}},
          .run = [coded](Context& ctx, std::span<const Var> in) { return update_list(ctx, in, coded); },
          .smooth = !coded};
}

const bool whole = add_op_case(list_case("lion/whole", false));
const bool coded = add_op_case(list_case("lion/coded", true));

}  // namespace
}  // namespace eft
