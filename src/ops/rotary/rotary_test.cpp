#include "ops/rotary/rotary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"
#include "ops/rms_norm/rms_norm.h"

namespace eft {
namespace {

const bool table = add_op_case({.name = "rotary/table",
                                .slot = "rotary",
                                .inputs = {{.shape = {5, 1, 10}}},
                                .run = [](Context& ctx, std::span<const Var> in) {
                                  const std::vector<std::int32_t> positions{0, 1, 2, 0, 1};  // two sequences
                                  const std::vector<double> frequencies{1.0, 0.3, 0.1, 0.03, 0.01};
                                  const Tensor turns =
                                      rotary_table(ctx, positions, frequencies, accumulator_of(in[0].dtype()));
                                  return std::vector<Var>{rms_norm_rotary(ctx, in[0], Var(), turns)};
                                }});

TEST(RotaryTable, holds_cosines_and_then_sines) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const std::vector<std::int32_t> positions{0, 4000};
  const std::vector<double> frequencies{0.5, 0.001, 0.0};
  EXPECT_EQ(
      to_doubles(rotary_table(ctx, positions, frequencies, DType::f64)),
      (std::vector<double>{1, 1, 1, 0, 0, 0, std::cos(2000.0), std::cos(4.0), 1, std::sin(2000.0), std::sin(4.0), 0}));
}

}  // namespace
}  // namespace eft
