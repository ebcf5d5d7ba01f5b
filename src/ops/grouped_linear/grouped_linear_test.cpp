#include "ops/grouped_linear/grouped_linear.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool few =
    add_op_case({.name = "grouped_linear/one_group_without_rows",
                 .slot = "grouped_linear",
                 .inputs = {{.shape = {15, 13}}, {.shape = {4, 9, 13}, .parameter = true}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   return std::vector<Var>{grouped_linear(ctx, in[0], in[1], integers(ctx, {0, 3, 3, 14, 15}))};
                 }});

const bool many = add_op_case({.name = "grouped_linear/groups_side_by_side",
                               .slot = "grouped_linear",
                               .inputs = {{.shape = {47, 7}}, {.shape = {10, 5, 7}, .parameter = true}},
                               .run = [](Context& ctx, std::span<const Var> in) {
                                 return std::vector<Var>{grouped_linear(
                                     ctx, in[0], in[1], integers(ctx, {0, 1, 3, 20, 21, 21, 30, 35, 40, 46, 47}))};
                               }});

const bool several_tiles =
    add_op_case({.name = "grouped_linear/even_widths_in_several_tiles",
                 .slot = "grouped_linear",
                 .inputs = {{.shape = {300, 72}}, {.shape = {4, 136, 72}, .parameter = true}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   return std::vector<Var>{grouped_linear(ctx, in[0], in[1], integers(ctx, {0, 130, 130, 297, 300}))};
                 }});

const bool frozen = add_op_case({.name = "grouped_linear/frozen_weight",
                                 .slot = "grouped_linear",
                                 .inputs = {{.shape = {6, 8}}, {.shape = {2, 3, 8}, .wants_grad = false}},
                                 .run = [](Context& ctx, std::span<const Var> in) {
                                   return std::vector<Var>{grouped_linear(ctx, in[0], in[1], integers(ctx, {0, 4, 6}))};
                                 }});

TEST(GroupedLinear, reads_a_bf16_weight_under_f32_rows) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f32, {3, 2});
  from_doubles(x, {1, 2, 3, 4, 5, 6});
  Tensor weight(pool, Category::workspace, DType::bf16, {2, 1, 2});
  from_doubles(weight, {1, 10, 2, -1});
  const Var y = grouped_linear(ctx, Var(x), Var(weight), integers(ctx, {0, 1, 3}));
  EXPECT_EQ(to_doubles(y.value()), (std::vector<double>{21, 2, 4}));
}

TEST(GroupedLinear, refuses_a_weight_of_another_width) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(Tensor(pool, Category::workspace, DType::f32, {3, 2}));
  const Var weight(Tensor(pool, Category::workspace, DType::f32, {2, 4, 3}));
  EXPECT_THROW(grouped_linear(ctx, x, weight, integers(ctx, {0, 1, 3})), InternalError);
}

}  // namespace
}  // namespace eft
