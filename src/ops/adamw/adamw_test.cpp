#include "ops/adamw/adamw.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Two updates of a parameter from fixed gradients: no gradient flows, but f32 has to follow f64.
const bool two_steps =
    add_op_case({.name = "adamw/two_steps",
                 .slot = "adamw",
                 .inputs = {{.shape = {37}, .wants_grad = false}, {.shape = {37}, .wants_grad = false}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   const DType dtype = accumulator_of(in[0].dtype());
                   Tensor p = ctx.output(dtype, {37}), g = ctx.output(dtype, {37});
                   Tensor m = ctx.output(dtype, {37}), v = ctx.output(dtype, {37});
                   convert(in[0].value(), p);
                   convert(in[1].value(), g);
                   zero(m);
                   zero(v);
                   if (const auto* kernels = adamw_kernels.find(ctx.device())) {
                     for (std::int64_t step = 1; step <= 2; ++step) {
                       const AdamwTensors parameter{
                           {.gradient = g.view(), .exact = p.view(), .learning_rate = 0.1, .weight_decay = 0.01},
                           m.view(),
                           v.view()};
                       kernels->update(ctx.stream, {0.9, 0.999, 1e-8, step, 0.5}, {&parameter, 1});
                     }
                   }
                   return std::vector<Var>{Var(p)};
                 }});

/// Two updates of several parameters at once, one of which is longer than a device's chunk, one empty, one bounded and
/// one with a rounded copy.
std::vector<Var> update_list(Context& ctx, std::span<const Var> in) {
  std::vector<Var> results;
  std::vector<AdamwTensors> parameters;
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
  if (const auto* kernels = adamw_kernels.find(ctx.device())) {
    for (std::int64_t step = 1; step <= 2; ++step) {
      kernels->update(ctx.stream, {0.9, 0.999, 1e-8, step, 0.5}, parameters);
    }
  }
  return results;
}

const bool whole_list = add_op_case({.name = "adamw/whole_list",
                                     .slot = "adamw",
                                     .inputs = {{.shape = {16387}, .wants_grad = false},
                                                {.shape = {5, 7}, .wants_grad = false},
                                                {.shape = {0}, .wants_grad = false},
                                                {.shape = {1}, .wants_grad = false},
                                                {.shape = {64}, .wants_grad = false}},
                                     .run = update_list});

TEST(Adamw, first_step_moves_by_the_rate_and_refreshes_the_rounded_copy) {
  Pool pool(Device::cpu);
  const auto filled = [&](double value) {
    Tensor tensor(pool, Category::workspace, DType::f32, {3});
    from_doubles(tensor, {value, value, value});
    return tensor;
  };
  Tensor p = filled(1.0), g = filled(-4.0), m = filled(0.0), v = filled(0.0);
  Tensor rounded(pool, Category::weights, DType::bf16, {3});
  const auto* kernels = adamw_kernels.find(Device::cpu);
  AdamwTensors parameter{
      {.gradient = g.view(), .exact = p.view(), .rounded = rounded.view(), .learning_rate = 0.5}, m.view(), v.view()};
  kernels->update({}, {0.9, 0.999, 1e-8, 1, 1.0}, {&parameter, 1});
  EXPECT_NEAR(to_doubles(p)[0], 1.5, 1e-6);
  EXPECT_EQ(to_doubles(rounded)[2], 1.5);
  parameter.parameter.rounded = {};
  parameter.parameter.clip = 1.25;
  kernels->update({}, {0.9, 0.999, 1e-8, 2, 1.0}, {&parameter, 1});
  EXPECT_EQ(to_doubles(p)[1], 1.25) << "held within the bound";
}

}  // namespace
}  // namespace eft
