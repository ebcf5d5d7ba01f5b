#include "ops/adamw_8bit/adamw_8bit.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Three updates of several parameters at once, one of which is longer than a device's chunk, one empty, one bounded
/// and one with a rounded copy; the last block of most is short.
std::vector<Var> update_list(Context& ctx, std::span<const Var> in, CodeRounding rounding) {
  std::vector<Var> results;
  std::vector<Adamw8bitTensors> parameters;
  std::vector<Tensor> states;
  const DType dtype = accumulator_of(in[0].dtype());
  const auto coded = [&](const Shape& shape) {
    Tensor codes = ctx.output(DType::u8, shape), scales = ctx.output(DType::f32, {CodedState::blocks(shape)});
    zero(codes);
    zero(scales);
    states.insert(states.end(), {codes, scales});
    return CodedState{codes.view(), scales.view()};
  };
  for (const Var& value : in) {
    Tensor p = ctx.output(dtype, value.shape()), g = ctx.output(dtype, value.shape());
    convert(value.value(), p);
    convert(value.value(), g);
    const ParameterUpdate update{.gradient = g.view(), .exact = p.view(), .learning_rate = 0.1, .weight_decay = 0.01};
    parameters.push_back({update, coded(value.shape()), coded(value.shape())});
    results.insert(results.end(), {Var(p), Var(g)});
  }
  parameters[1].parameter.clip = 0.5;
  Tensor rounded = ctx.output(dtype == DType::f64 ? DType::f64 : DType::bf16, in[3].shape());
  if (dtype != DType::f64) parameters[3].parameter.rounded = rounded.view();
  convert(in[3].value(), rounded);
  if (const auto* kernels = adamw_8bit_kernels.find(ctx.device())) {
    for (std::int64_t step = 1; step <= 3; ++step) {
      kernels->update(ctx.stream, {0.9, 0.999, 1e-8, step, 0.5}, rounding, parameters);
    }
  }
  return results;
}

OpCase list_case(std::string name, CodeRounding rounding) {
  return {.name = std::move(name),
          .slot = "adamw_8bit",
          .inputs = {{.shape = {16387}, .wants_grad = false},
                     {.shape = {5, 7}, .wants_grad = false},
                     {.shape = {0}, .wants_grad = false},
                     {.shape = {1}, .wants_grad = false},
                     {.shape = {512}, .wants_grad = false}},
          .run = [rounding](Context& ctx, std::span<const Var> in) { return update_list(ctx, in, rounding); },
          .smooth = false};
}

const bool bitsandbytes = add_op_case(list_case("adamw_8bit/bitsandbytes", CodeRounding::bitsandbytes));
const bool torchao = add_op_case(list_case("adamw_8bit/torchao", CodeRounding::torchao));

}  // namespace
}  // namespace eft
