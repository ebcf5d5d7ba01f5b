#include "ops/linear/linear.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, std::span<const Var> in) { return {linear(ctx, in[0], in[1])}; }

const bool odd = add_op_case({.name = "linear/odd_sizes",
                              .slot = "linear",
                              .inputs = {{.shape = {5, 13}}, {.shape = {11, 13}, .parameter = true}},
                              .run = run});

const bool frozen = add_op_case({.name = "linear/frozen_weight_three_axes",
                                 .slot = "linear",
                                 .inputs = {{.shape = {3, 2, 21}}, {.shape = {9, 21}, .wants_grad = false}},
                                 .run = run});

const bool input_first = add_op_case({.name = "linear/input_first",
                                      .slot = "linear",
                                      .inputs = {{.shape = {5, 13}}, {.shape = {13, 11}, .parameter = true}},
                                      .run = [](Context& ctx, std::span<const Var> in) {
                                        return std::vector<Var>{linear_input_first(ctx, in[0], in[1])};
                                      }});

TEST(Linear, takes_a_bf16_weight_under_f32_activations) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f32, {1, 3});
  from_doubles(x, {1, 2, 3});
  Tensor weight(pool, Category::weights, DType::bf16, {2, 3});
  from_doubles(weight, {1, 0, -1, 0.5, 0.5, 0.5});
  EXPECT_EQ(to_doubles(linear(ctx, Var(x), Var(weight)).value()), (std::vector<double>{-2, 3}));
}

}  // namespace
}  // namespace eft
