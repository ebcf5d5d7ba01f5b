#include "ops/low_rank/low_rank.h"

#include "ops/linear/linear.h"
#include "ops/op_case.h"

namespace eft {
namespace {

std::vector<Var> adapted(Context& ctx, std::span<const Var> in) {
  return {low_rank(ctx, linear(ctx, in[0], in[1]), in[0], in[2], in[3], 7.0 / 3.0)};
}

const bool on_frozen = add_op_case({.name = "low_rank/on_a_frozen_linear",
                                    .slot = "low_rank",
                                    .inputs = {{.shape = {5, 13}},
                                               {.shape = {9, 13}, .wants_grad = false},
                                               {.shape = {3, 13}, .parameter = true},
                                               {.shape = {9, 3}, .parameter = true}},
                                    .run = adapted});

const bool on_constant = add_op_case({.name = "low_rank/constant_input",
                                      .slot = "low_rank",
                                      .inputs = {{.shape = {2, 3, 7}, .wants_grad = false},
                                                 {.shape = {5, 7}, .wants_grad = false},
                                                 {.shape = {1, 7}, .parameter = true},
                                                 {.shape = {5, 1}, .parameter = true}},
                                      .run = adapted});

}  // namespace
}  // namespace eft
