#include "ops/dropout/dropout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "autograd/checkpoint.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool third = add_op_case({.name = "dropout/one_third",
                                .slot = "dropout",
                                .inputs = {{.shape = {9, 7}}},
                                .run = [](Context& ctx, std::span<const Var> in) {
                                  ctx.training = true;
                                  return std::vector<Var>{dropout(ctx, in[0], 1.0 / 3.0)};
                                }});

Tensor filled(Pool& pool, Shape shape, double value) {
  Tensor tensor(pool, Category::workspace, DType::f32, shape);
  from_doubles(tensor, std::vector<double>(static_cast<std::size_t>(shape.elements()), value));
  return tensor;
}

TEST(Dropout, keeps_the_expected_share_and_nothing_changes_outside_training) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool, .dropout_seed = 3};
  const Var x(filled(pool, {10000}, 1.0));
  EXPECT_EQ(dropout(ctx, x, 0.25).value().raw(), x.value().raw());
  ctx.training = true;
  const auto values = to_doubles(dropout(ctx, x, 0.25).value());
  EXPECT_NEAR(static_cast<double>(std::ranges::count(values, 0.0)) / 10000, 0.25, 0.02);
  EXPECT_NEAR(*std::ranges::max_element(values), 4.0 / 3.0, 1e-6);
}

/// Gradient of x through dropout twice, with or without recomputation.
std::vector<double> gradient(bool recompute) {
  Pool pool(Device::cpu);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape, .dropout_seed = 3, .training = true};
  const Var x = Var::leaf(filled(pool, {1000}, 1.0));
  const Segment segment = [](Context& inner, const std::vector<Var>& in) {
    return std::vector<Var>{dropout(inner, dropout(inner, in[0], 0.3), 0.5)};
  };
  const std::vector<Var> y = recompute ? checkpoint(ctx, {x}, segment) : segment(ctx, {x});
  const Tensor seeds[] = {filled(pool, {1000}, 1.0)};
  tape.backward(ctx, y, seeds);
  EXPECT_EQ(ctx.dropout_counter, 500U);
  return to_doubles(x.grad());
}

TEST(Dropout, checkpoint_replays_the_same_mask) { EXPECT_EQ(gradient(true), gradient(false)); }

}  // namespace
}  // namespace eft
