#include "ops/average_pool/average_pool.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

OpCase pool_case(std::string name, PoolShape shape, std::int64_t columns) {
  return {
      .name = "average_pool/" + name,
      .slot = "average_pool",
      .inputs = {{.shape = {shape.side * shape.side, columns}}},
      .run = [=](Context& ctx, std::span<const Var> in) { return std::vector<Var>{average_pool(ctx, in[0], shape)}; }};
}

const bool registered = add_op_case(pool_case("odd", {6, 3}, 5)) && add_op_case(pool_case("wide", {8, 2}, 40)) &&
                        add_op_case(pool_case("of_one", {3, 1}, 7));

TEST(AveragePool, takes_the_mean_of_neighbours) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f64, {16, 1});
  from_doubles(x, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
  const Var y = average_pool(ctx, Var(x), {.side = 4, .size = 2});
  EXPECT_EQ(to_doubles(y.value()), (std::vector<double>{2.5, 4.5, 10.5, 12.5}));
}

}  // namespace
}  // namespace eft
