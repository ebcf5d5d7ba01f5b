#include "ops/multiply/multiply.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, std::span<const Var> in) { return {multiply(ctx, in[0], in[1])}; }

const bool odd = add_op_case({.name = "multiply/odd_width",
                              .slot = "multiply",
                              .inputs = {{.shape = {5, 37}}, {.shape = {37}, .parameter = true}},
                              .run = run});

const bool chunks = add_op_case({.name = "multiply/several_chunks",
                                 .slot = "multiply",
                                 .inputs = {{.shape = {3, 50, 9}}, {.shape = {9}, .parameter = true}},
                                 .run = run});

const bool frozen = add_op_case({.name = "multiply/frozen_weight",
                                 .slot = "multiply",
                                 .inputs = {{.shape = {4, 16}}, {.shape = {16}, .wants_grad = false}},
                                 .run = run});

}  // namespace
}  // namespace eft
