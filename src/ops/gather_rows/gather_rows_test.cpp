#include "ops/gather_rows/gather_rows.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

OpCase rows_case(std::string name, Shape x, std::vector<std::int32_t> rows) {
  return {
      .name = "gather_rows/" + name,
      .slot = "gather_rows",
      .inputs = {{.shape = x}},
      .run = [rows](Context& ctx, std::span<const Var> in) { return std::vector<Var>{gather_rows(ctx, in[0], rows)}; }};
}

const bool registered = add_op_case(rows_case("some", {9, 13}, {0, 3, 4, 8})) &&
                        add_op_case(rows_case("three_axes", {5, 3, 7}, {2})) &&
                        add_op_case(rows_case("all", {3, 5}, {0, 1, 2}));

TEST(GatherRows, refuses_rows_out_of_order) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(Tensor(pool, Category::workspace, DType::f32, {3, 2}));
  EXPECT_THROW(gather_rows(ctx, x, std::vector<std::int32_t>{1, 1}), InternalError);
  EXPECT_THROW(gather_rows(ctx, x, std::vector<std::int32_t>{3}), InternalError);
}

}  // namespace
}  // namespace eft
