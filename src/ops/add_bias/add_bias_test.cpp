#include "ops/add_bias/add_bias.h"

#include "ops/add/add.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

/// What is added to is made by another op, since its storage is written to.
std::vector<Var> run(Context& ctx, std::span<const Var> in) {
  return {add_bias(ctx, add(ctx, in[0], in[0], 0.25), in[1])};
}

const bool registered = add_op_case({.name = "add_bias/odd",
                                     .slot = "add_bias",
                                     .inputs = {{.shape = {5, 13}}, {.shape = {13}, .parameter = true}},
                                     .run = run}) &&
                        add_op_case({.name = "add_bias/many_rows",
                                     .slot = "add_bias",
                                     .inputs = {{.shape = {3, 70, 8}}, {.shape = {8}, .parameter = true}},
                                     .run = run}) &&
                        add_op_case({.name = "add_bias/frozen_bias",
                                     .slot = "add_bias",
                                     .inputs = {{.shape = {4, 7}}, {.shape = {7}, .wants_grad = false}},
                                     .run = run});

}  // namespace
}  // namespace eft
