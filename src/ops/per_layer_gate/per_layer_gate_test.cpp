#include "ops/per_layer_gate/per_layer_gate.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool middle = add_op_case({.name = "per_layer_gate/one_of_three_layers",
                                 .slot = "per_layer_gate",
                                 .inputs = {{.shape = {5, 19}, .scale = 2.0}, {.shape = {5, 3, 19}}},
                                 .run = [](Context& ctx, std::span<const Var> in) {
                                   return std::vector<Var>{per_layer_gate(ctx, in[0], in[1], 1)};
                                 }});

const bool several =
    add_op_case({.name = "per_layer_gate/layers_share_a_gradient",
                 .slot = "per_layer_gate",
                 .inputs = {{.shape = {67, 258}}, {.shape = {67, 2, 258}}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   return std::vector<Var>{per_layer_gate(ctx, in[0], in[1], 0), per_layer_gate(ctx, in[0], in[1], 1)};
                 }});

const bool frozen = add_op_case({.name = "per_layer_gate/only_gate_wants_gradient",
                                 .slot = "per_layer_gate",
                                 .inputs = {{.shape = {4, 8}}, {.shape = {4, 2, 8}, .wants_grad = false}},
                                 .run = [](Context& ctx, std::span<const Var> in) {
                                   return std::vector<Var>{per_layer_gate(ctx, in[0], in[1], 1)};
                                 }});

TEST(PerLayerGate, refuses_a_layer_that_is_not_there) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var gate(Tensor(pool, Category::workspace, DType::f32, {2, 3}));
  const Var per_layer(Tensor(pool, Category::workspace, DType::f32, {2, 4, 3}));
  EXPECT_THROW(per_layer_gate(ctx, gate, per_layer, 4), InternalError);
  EXPECT_THROW(per_layer_gate(ctx, per_layer, gate, 0), InternalError);
}

}  // namespace
}  // namespace eft
