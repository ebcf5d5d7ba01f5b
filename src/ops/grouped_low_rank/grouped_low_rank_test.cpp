#include "ops/grouped_low_rank/grouped_low_rank.h"

#include <gtest/gtest.h>

#include "ops/grouped_linear/grouped_linear.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> adapted(Context& ctx, std::span<const Var> in) {
  const Tensor offsets = integers(ctx, {0, 3, 3, 8});
  return {grouped_low_rank(ctx, grouped_linear(ctx, in[0], in[1], offsets), in[0], in[2], in[3], offsets, 7.0 / 3.0)};
}

const bool on_frozen = add_op_case({.name = "grouped_low_rank/on_frozen_experts",
                                    .slot = "grouped_low_rank",
                                    .inputs = {{.shape = {8, 13}},
                                               {.shape = {3, 9, 13}, .wants_grad = false},
                                               {.shape = {6, 13}, .parameter = true},
                                               {.shape = {9, 6}, .parameter = true}},
                                    .run = adapted});

const bool on_trained = add_op_case({.name = "grouped_low_rank/rank_one_on_trained_experts",
                                     .slot = "grouped_low_rank",
                                     .inputs = {{.shape = {8, 5}},
                                                {.shape = {3, 41, 5}, .parameter = true},
                                                {.shape = {3, 5}, .parameter = true},
                                                {.shape = {41, 3}, .parameter = true}},
                                     .run = adapted});

const bool even = add_op_case({.name = "grouped_low_rank/even_widths",
                               .slot = "grouped_low_rank",
                               .inputs = {{.shape = {8, 16}},
                                          {.shape = {3, 24, 16}, .wants_grad = false},
                                          {.shape = {24, 16}, .parameter = true},
                                          {.shape = {24, 24}, .parameter = true}},
                               .run = adapted});

TEST(GroupedLowRank, reads_peft_s_layouts) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const auto tensor = [&](Shape shape, const std::vector<double>& values) {
    Tensor made(pool, Category::workspace, DType::f64, shape);
    from_doubles(made, values);
    return made;
  };
  // Two groups of rank 2, one input, one output: B_g·A_g = b[g]·a[2g] + b[2 + g]·a[2g + 1].
  const Tensor a = tensor({4, 1}, {1, 2, 3, 4});
  const Tensor b = tensor({1, 4}, {10, 20, 30, 40});
  const Var y = grouped_low_rank(ctx, Var(tensor({2, 1}, {0.5, 0.25})), Var(tensor({2, 1}, {1, 1})), Var(a), Var(b),
                                 integers(ctx, {0, 1, 2}), 2.0);
  EXPECT_EQ(to_doubles(y.value()), (std::vector<double>{0.5 + 2 * (10 + 60), 0.25 + 2 * (60 + 160)}));
}

}  // namespace
}  // namespace eft
