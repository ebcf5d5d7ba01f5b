#include "ops/gradients/gradients.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Several gradients at once, one of which is longer than a device's chunk and one empty.
const bool whole_list = add_op_case({.name = "gradients/whole_list",
                                     .slot = "gradients",
                                     .inputs = {{.shape = {16387}, .wants_grad = false},
                                                {.shape = {5, 7}, .wants_grad = false},
                                                {.shape = {0}, .wants_grad = false},
                                                {.shape = {1}, .wants_grad = false}},
                                     .run = [](Context& ctx, std::span<const Var> in) {
                                       std::vector<ConstView> gradients;
                                       for (const Var& value : in) gradients.push_back(value.view());
                                       Tensor norm = ctx.output(accumulator_of(in[0].dtype()), {1});
                                       if (const auto* kernels = gradient_kernels.find(ctx.device())) {
                                         from_doubles(norm, {std::sqrt(kernels->squared_norm(ctx.stream, gradients))});
                                       }
                                       return std::vector<Var>{Var(norm)};
                                     }});

TEST(Gradients, sums_the_squares_of_all) {
  Pool pool(Device::cpu);
  Tensor a(pool, Category::gradients, DType::f32, {3}), b(pool, Category::gradients, DType::bf16, {2});
  from_doubles(a, {-4.0, -4.0, -4.0});
  from_doubles(b, {0.5, 2.0});
  const std::vector<ConstView> gradients{a.view(), b.view()};
  const auto* kernels = gradient_kernels.find(Device::cpu);
  EXPECT_EQ(kernels->squared_norm({}, std::span(gradients).first(1)), 48.0);
  EXPECT_EQ(kernels->squared_norm({}, gradients), 52.25);
  EXPECT_EQ(kernels->squared_norm({}, {}), 0.0);
}

}  // namespace
}  // namespace eft
