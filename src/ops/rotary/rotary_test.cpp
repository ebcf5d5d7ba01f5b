#include "ops/rotary/rotary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, const Var& x, std::vector<double> frequencies) {
  std::vector<std::int32_t> positions;  // two sequences
  for (std::int64_t t = 0; t < x.shape()[0]; ++t) positions.push_back(static_cast<std::int32_t>(t < 3 ? t : t - 3));
  return {rotary(ctx, x, rotary_table(ctx, positions, frequencies, accumulator_of(x.dtype())))};
}

const bool full = add_op_case({.name = "rotary/full",
                               .slot = "rotary",
                               .inputs = {{.shape = {7, 3, 10}}},
                               .run = [](Context& ctx, std::span<const Var> in) {
                                 return run(ctx, in[0], {1.0, 0.3, 0.1, 0.03, 0.01});
                               }});

const bool partial = add_op_case({.name = "rotary/partial",
                                  .slot = "rotary",
                                  .inputs = {{.shape = {5, 1, 34}}},
                                  .run = [](Context& ctx, std::span<const Var> in) {
                                    std::vector<double> frequencies(17, 0.0);
                                    for (int i = 0; i < 4; ++i)
                                      frequencies[static_cast<std::size_t>(i)] = 1.0 / (1 + i);
                                    return run(ctx, in[0], frequencies);
                                  }});

TEST(Rotary, turns_pairs_of_the_two_halves) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f64, {1, 1, 4});
  from_doubles(x, {1, 2, 3, 4});
  const std::vector<std::int32_t> positions{2};
  const std::vector<double> frequencies{0.5, 0.0};
  const Var y = rotary(ctx, Var(x), rotary_table(ctx, positions, frequencies, DType::f64));
  const std::vector<double> values = to_doubles(y.value());
  EXPECT_NEAR(values[0], std::cos(1.0) - 3 * std::sin(1.0), 1e-15);
  EXPECT_NEAR(values[2], 3 * std::cos(1.0) + std::sin(1.0), 1e-15);
  EXPECT_EQ(values[1], 2);
  EXPECT_EQ(values[3], 4);
}

}  // namespace
}  // namespace eft
