#include "ops/adamw/adamw.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_case.h"

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
                       kernels->update(ctx.stream, {0.1, 0.9, 0.999, 1e-8, 0.01, step, 0.5}, g.view(), p.view(),
                                       m.view(), v.view(), {});
                     }
                   }
                   return std::vector<Var>{Var(p)};
                 }});

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
  kernels->update({}, {0.5, 0.9, 0.999, 1e-8, 0.0, 1, 1.0}, g.view(), p.view(), m.view(), v.view(), rounded.view());
  EXPECT_NEAR(to_doubles(p)[0], 1.5, 1e-6);
  EXPECT_EQ(to_doubles(rounded)[2], 1.5);
  EXPECT_EQ(kernels->squared_norm({}, g.view()), 48.0);
  kernels->update({}, {0.5, 0.9, 0.999, 1e-8, 0.0, 2, 1.0, 1.25}, g.view(), p.view(), m.view(), v.view(), {});
  EXPECT_EQ(to_doubles(p)[1], 1.25) << "held within the bound";
}

}  // namespace
}  // namespace eft
