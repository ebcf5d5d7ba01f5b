#include "ops/sparse_linear/sparse_linear.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// [rows, columns] with an element in every `gap`-th place and zeros between, in `like`'s dtype where ctx computes.
Var every(Context& ctx, const Var& like, std::int64_t rows, std::int64_t columns, std::int64_t gap) {
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < values.size(); i += static_cast<std::size_t>(gap)) values[i] = i % 2 == 0 ? 1.5 : -0.25;
  Tensor pattern(*ctx.pool, Category::workspace, like.dtype(), {rows, columns});
  from_doubles(pattern, values);
  return Var(pattern);
}

OpCase to_case(std::string name, std::int64_t rows, std::int64_t in, std::int64_t out, std::int64_t gap,
               bool weight_wants = true) {
  return {.name = "sparse_linear/to_" + name,
          .slot = "sparse_linear",
          .inputs = {{.shape = {rows, in}}, {.shape = {out, in}, .wants_grad = weight_wants, .parameter = true}},
          .run = [=](Context& ctx, std::span<const Var> x) {
            return std::vector<Var>{linear_to_pattern(ctx, x[0], x[1], every(ctx, x[0], rows, out, gap))};
          }};
}

/// Two linears, the second from the pattern that the first goes to.
OpCase from_case(std::string name, std::int64_t rows, std::int64_t in, std::int64_t middle, std::int64_t gap,
                 bool weights_want = true) {
  return {.name = "sparse_linear/from_" + name,
          .slot = "sparse_linear",
          .inputs = {{.shape = {rows, in}},
                     {.shape = {middle, in}, .wants_grad = weights_want, .parameter = true},
                     {.shape = {in, middle}, .wants_grad = weights_want, .scale = 0.25, .parameter = true}},
          .run = [=](Context& ctx, std::span<const Var> x) {
            const Var pattern = every(ctx, x[0], rows, middle, gap);
            const Var h = linear_to_pattern(ctx, x[0], x[1], pattern);
            return std::vector<Var>{linear_from_pattern(ctx, h, x[2], pattern)};
          }};
}

const bool registered =
    add_op_case(to_case("odd_sizes", 19, 37, 301, 7)) && add_op_case(to_case("frozen", 33, 70, 45, 11, false)) &&
    add_op_case(to_case("few_rows", 3, 21, 40, 9)) && add_op_case(to_case("dense", 17, 21, 40, 2)) &&
    add_op_case(from_case("odd_sizes", 23, 29, 611, 13)) && add_op_case(from_case("frozen", 18, 300, 90, 5, false)) &&
    add_op_case(from_case("few_rows", 2, 11, 31, 6)) && add_op_case(from_case("dense", 20, 11, 31, 2));

TEST(SparseLinear, gains_from_many_zeros_only) {
  Pool pool(Device::cpu);
  EXPECT_TRUE(gains_from_zeros({.pool = &pool}, 0.95));
  EXPECT_FALSE(gains_from_zeros({.pool = &pool}, 0.5));
  EXPECT_FALSE(gains_from_zeros({.pool = &pool}, 0));
}

}  // namespace
}  // namespace eft
