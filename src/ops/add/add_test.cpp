#include "ops/add/add.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool plain = add_op_case(
    {.name = "add/plain",
     .slot = "add",
     .inputs = {{.shape = {7, 5}}, {.shape = {7, 5}}},
     .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{add(ctx, in[0], in[1])}; }});

const bool scaled = add_op_case({.name = "add/scaled_and_used_twice",
                                 .slot = "add",
                                 .inputs = {{.shape = {33}}, {.shape = {33}}},
                                 .run = [](Context& ctx, std::span<const Var> in) {
                                   const Var half = add(ctx, in[0], in[1], 0.5);
                                   return std::vector<Var>{add(ctx, half, add(ctx, half, in[1]))};
                                 }});

}  // namespace
}  // namespace eft
