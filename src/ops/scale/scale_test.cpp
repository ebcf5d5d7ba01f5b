#include "ops/scale/scale.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool by_tensor = add_op_case(
    {.name = "scale/tensor",
     .slot = "scale",
     .inputs = {{.shape = {6, 7}}, {.shape = {1}, .shift = 1.0, .parameter = true}},
     .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{scale(ctx, in[0], in[1], 0.75)}; }});

const bool by_constant = add_op_case(
    {.name = "scale/constant",
     .slot = "scale",
     .inputs = {{.shape = {41}}},
     .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{scale(ctx, in[0], Var(), -2.0)}; }});

}  // namespace
}  // namespace eft
