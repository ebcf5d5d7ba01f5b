#include "ops/moe_gate/moe_gate.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

template <std::int64_t top_k>
std::vector<Var> run(Context& ctx, std::span<const Var> in) {
  return {moe_gate(ctx, in[0], in[1], top_k).weights};
}

const bool some =
    add_op_case({.name = "moe_gate/three_of_seven",
                 .slot = "moe_gate",
                 .inputs = {{.shape = {37, 7}, .scale = 2.0}, {.shape = {7}, .shift = 1.0, .parameter = true}},
                 .run = run<3>});

const bool all = add_op_case(
    {.name = "moe_gate/all_experts", .slot = "moe_gate", .inputs = {{.shape = {5, 3}}, {.shape = {3}}}, .run = run<3>});

const bool frozen = add_op_case({.name = "moe_gate/frozen_scale",
                                 .slot = "moe_gate",
                                 .inputs = {{.shape = {4, 5}}, {.shape = {5}, .wants_grad = false}},
                                 .run = run<2>});

std::vector<std::int32_t> integers(const Tensor& tensor) {
  const std::int32_t* data = tensor.data<std::int32_t>();
  return {data, data + tensor.elements()};
}

TEST(MoeGate, orders_rows_by_expert_and_takes_the_lower_of_equals) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor logits(pool, Category::workspace, DType::f32, {3, 4});
  from_doubles(logits, {1, 3, 3, 0, /**/ 2, 2, 2, 2, /**/ -1e30, 0, -5, 50});
  Tensor scale(pool, Category::workspace, DType::f32, {4});
  from_doubles(scale, {1, 1, 2, 1});
  const auto [weights, routing] = moe_gate(ctx, Var(logits), Var(scale), 2);
  EXPECT_EQ(integers(routing.chosen), (std::vector<std::int32_t>{1, 2, 0, 1, 3, 1}));
  EXPECT_EQ(integers(routing.offsets), (std::vector<std::int32_t>{0, 1, 4, 5, 6}));
  EXPECT_EQ(integers(routing.source), (std::vector<std::int32_t>{2, 0, 3, 5, 1, 4}));
  EXPECT_EQ(integers(routing.row), (std::vector<std::int32_t>{1, 4, 0, 2, 5, 3}));
  const std::vector<double> w = to_doubles(weights.value());
  EXPECT_EQ(std::vector<double>(w.begin(), w.begin() + 4), (std::vector<double>{0.5, 1.0, 0.5, 0.5}));
  EXPECT_NEAR(w[4], 1.0, 1e-6);
}

TEST(MoeGate, refuses_more_choices_than_experts) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var logits(Tensor(pool, Category::workspace, DType::f32, {2, 3}));
  const Var scale(Tensor(pool, Category::workspace, DType::f32, {3}));
  EXPECT_THROW(moe_gate(ctx, logits, scale, 4), InternalError);
  EXPECT_THROW(moe_gate(ctx, logits, logits, 2), InternalError);
}

}  // namespace
}  // namespace eft
