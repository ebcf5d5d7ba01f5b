#include "ops/segment_sum/segment_sum.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

constexpr ElementRange kRanges[] = {{0, 2}, {3, 3}, {3, 7}, {8, 9}};

/// Sums of losses, whatever the dtype of what they are made of.
const bool of_losses =
    add_op_case({.name = "segment_sum/of_losses",
                 .slot = "segment_sum",
                 .inputs = {{.shape = {9, 13}}, {.shape = {41, 13}, .wants_grad = false, .scale = 0.5}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   const std::int32_t targets[] = {3, 2, 0, 40, 7, 1, 40, 12, 39};
                   return std::vector<Var>{segment_sum(ctx, token_losses(ctx, in[0], in[1], targets), kRanges, -0.5)};
                 }});

Tensor list_of(Pool& pool, const std::vector<double>& values) {
  Tensor tensor(pool, Category::workspace, DType::f64, {static_cast<std::int64_t>(values.size())});
  from_doubles(tensor, values);
  return tensor;
}

TEST(SegmentSum, follows_its_formula) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Tensor x = list_of(pool, {1, 2, 100, 4, 8, 16, 32, 100, 64});
  EXPECT_EQ(to_doubles(segment_sum(ctx, Var(x), kRanges, 2).value()), (std::vector<double>{6, 0, 120, 128}));
  EXPECT_EQ(to_doubles(spread_over_segments(ctx, list_of(pool, {1, 2, 3, 4}), kRanges, 2, 9)),
            (std::vector<double>{2, 2, 0, 6, 6, 6, 6, 0, 8}));
}

TEST(SegmentSum, refuses_ranges_that_meet) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(list_of(pool, {1, 2, 3}));
  EXPECT_THROW(segment_sum(ctx, x, std::vector<ElementRange>{{0, 2}, {1, 3}}), InternalError);
  EXPECT_THROW(segment_sum(ctx, x, std::vector<ElementRange>{{0, 4}}), InternalError);
}

}  // namespace
}  // namespace eft
