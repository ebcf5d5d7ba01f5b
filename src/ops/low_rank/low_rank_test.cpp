#include "ops/low_rank/low_rank.h"

#include "ops/linear/linear.h"
#include "ops/support/op_case.h"

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

OpCase together(std::string name, Shape x, std::int64_t out, std::int64_t rank, bool weight_wants) {
  const std::int64_t in = x.columns();
  return {.name = "low_rank/" + name,
          .slot = "low_rank",
          .inputs = {{.shape = std::move(x)},
                     {.shape = {out, in}, .wants_grad = weight_wants, .parameter = true},
                     {.shape = {rank, in}, .parameter = true},
                     {.shape = {out, rank}, .parameter = true}},
          .run = [](Context& ctx, std::span<const Var> v) {
            return std::vector<Var>{linear_with_low_rank(ctx, v[0], v[1], v[2], v[3], 7.0 / 3.0)};
          }};
}

const bool in_one = add_op_case(together("with_its_linear", {19, 37}, 45, 3, false)) &&
                    add_op_case(together("with_a_trained_linear", {2, 3, 13}, 9, 5, true)) &&
                    add_op_case(together("across_a_stretch", {17, 345}, 33, 16, false));

}  // namespace
}  // namespace eft
