#include "ops/rms_norm/rms_norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"
#include "ops/rotary/rotary.h"

namespace eft {
namespace {

const bool plain = add_op_case(
    {.name = "rms_norm/odd_width",
     .slot = "rms_norm",
     .inputs = {{.shape = {5, 37}}, {.shape = {37}, .scale = 0.25, .shift = 1.0, .parameter = true}},
     .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{rms_norm(ctx, in[0], in[1])}; }});

const bool many_rows =
    add_op_case({.name = "rms_norm/offset_and_many_rows",
                 .slot = "rms_norm",
                 .inputs = {{.shape = {131, 3, 6}}, {.shape = {6}, .scale = 0.25, .parameter = true}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   return std::vector<Var>{rms_norm(ctx, in[0], in[1], {.weight_offset = 1.0})};
                 }});

const bool onto_residual = add_op_case({.name = "rms_norm/onto_residual",
                                        .slot = "rms_norm",
                                        .inputs = {{.shape = {5, 37}},
                                                   {.shape = {5, 37}},
                                                   {.shape = {37}, .scale = 0.25, .shift = 1.0, .parameter = true}},
                                        .run = [](Context& ctx, std::span<const Var> in) {
                                          return std::vector<Var>{add_rms_norm(ctx, in[0], in[1], in[2])};
                                        }});

const bool onto_itself = add_op_case({.name = "rms_norm/onto_itself",
                                      .slot = "rms_norm",
                                      .inputs = {{.shape = {9, 18}}},
                                      .run = [](Context& ctx, std::span<const Var> in) {
                                        return std::vector<Var>{add_rms_norm(ctx, in[0], in[0], Var())};
                                      }});

const bool no_scale = add_op_case({.name = "rms_norm/no_scale",
                                   .slot = "rms_norm",
                                   .inputs = {{.shape = {7, 2, 18}}},
                                   .run = [](Context& ctx, std::span<const Var> in) {
                                     return std::vector<Var>{rms_norm(ctx, in[0], Var(), {.epsilon = 1e-3})};
                                   }});

/// The table of two sequences, the first of three tokens.
Tensor table_of(Context& ctx, const Var& x, const std::vector<double>& frequencies) {
  std::vector<std::int32_t> positions;
  for (std::int64_t t = 0; t < x.shape()[0]; ++t) positions.push_back(static_cast<std::int32_t>(t < 3 ? t : t - 3));
  return rotary_table(ctx, positions, frequencies, accumulator_of(x.dtype()));
}

/// `rotated` of n frequencies, the others zero.
std::vector<double> frequencies(std::size_t n, std::size_t rotated) {
  std::vector<double> result(n, 0.0);
  for (std::size_t i = 0; i < rotated; ++i) result[i] = 1.0 / static_cast<double>(1 + i);
  return result;
}

const bool rotated =
    add_op_case({.name = "rms_norm/rotated",
                 .slot = "rms_norm",
                 .inputs = {{.shape = {37, 3, 10}}, {.shape = {10}, .scale = 0.25, .shift = 1.0, .parameter = true}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   return std::vector<Var>{rms_norm_rotary(ctx, in[0], in[1], table_of(ctx, in[0], frequencies(5, 5)))};
                 }});

const bool rotated_in_part = add_op_case(
    {.name = "rms_norm/rotated_in_part",
     .slot = "rms_norm",
     .inputs = {{.shape = {5, 1, 66}}, {.shape = {66}, .scale = 0.25, .parameter = true}},
     .run = [](Context& ctx, std::span<const Var> in) {
       const Tensor table = table_of(ctx, in[0], frequencies(33, 4));
       return std::vector<Var>{rms_norm_rotary(ctx, in[0], in[1], table, {.epsilon = 1e-3, .weight_offset = 1.0})};
     }});

const bool rotated_with_fixed_weight = add_op_case(
    {.name = "rms_norm/rotated_with_fixed_weight",
     .slot = "rms_norm",
     .inputs = {{.shape = {6, 2, 64}}, {.shape = {64}, .wants_grad = false}},
     .run = [](Context& ctx, std::span<const Var> in) {
       return std::vector<Var>{rms_norm_rotary(ctx, in[0], in[1], table_of(ctx, in[0], frequencies(32, 32)))};
     }});

TEST(RmsNormRotary, turns_pairs_of_the_two_halves) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f64, {1, 1, 4});
  from_doubles(x, {1, 2, 3, 4});
  const std::vector<std::int32_t> positions{2};
  const Tensor table = rotary_table(ctx, positions, std::vector<double>{0.5, 0.0}, DType::f64);
  const std::vector<double> values = to_doubles(rms_norm_rotary(ctx, Var(x), Var(), table, {.epsilon = 0}).value());
  const double r = 1 / std::sqrt(7.5);
  EXPECT_NEAR(values[0], r * (std::cos(1.0) - 3 * std::sin(1.0)), 1e-15);
  EXPECT_NEAR(values[2], r * (3 * std::cos(1.0) + std::sin(1.0)), 1e-15);
  EXPECT_NEAR(values[1], r * 2, 1e-15);
  EXPECT_NEAR(values[3], r * 4, 1e-15);
}

}  // namespace
}  // namespace eft
