#include "ops/moe_rows/moe_rows.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Both directions, with the weights of a gate: inputs are logits, scale, tokens and what is added to their rows.
std::vector<Var> there_and_back(Context& ctx, std::span<const Var> in) {
  const GateResult gate = moe_gate(ctx, in[0], in[1], 2);
  const Var rows = moe_gather(ctx, in[2], gate.routing);
  return {rows, moe_combine(ctx, rows, gate.weights, gate.routing),
          moe_combine(ctx, in[3], gate.weights, gate.routing)};
}

const bool odd =
    add_op_case({.name = "moe_rows/odd_width",
                 .slot = "moe_rows",
                 .inputs = {{.shape = {9, 5}}, {.shape = {5}, .shift = 1.0}, {.shape = {9, 37}}, {.shape = {18, 37}}},
                 .run = there_and_back});

const bool many = add_op_case(
    {.name = "moe_rows/several_tasks",
     .slot = "moe_rows",
     .inputs = {{.shape = {70, 9}}, {.shape = {9}, .shift = 1.0}, {.shape = {70, 515}}, {.shape = {140, 515}}},
     .run = there_and_back});

const bool frozen = add_op_case({.name = "moe_rows/frozen_weights",
                                 .slot = "moe_rows",
                                 .inputs = {{.shape = {4, 3}, .wants_grad = false},
                                            {.shape = {3}, .wants_grad = false},
                                            {.shape = {4, 8}},
                                            {.shape = {8, 8}}},
                                 .run = there_and_back});

TEST(MoeRows, refuses_rows_that_are_not_the_routing_s) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor logits(pool, Category::workspace, DType::f32, {3, 4});
  from_doubles(logits, std::vector<double>(12, 0.0));
  const Var scale(Tensor(pool, Category::workspace, DType::f32, {4}));
  const GateResult gate = moe_gate(ctx, Var(logits), scale, 2);
  const Var rows(Tensor(pool, Category::workspace, DType::f32, {5, 2}));
  EXPECT_THROW(moe_gather(ctx, rows, gate.routing), InternalError);
  EXPECT_THROW(moe_combine(ctx, rows, gate.weights, gate.routing), InternalError);
}

}  // namespace
}  // namespace eft
