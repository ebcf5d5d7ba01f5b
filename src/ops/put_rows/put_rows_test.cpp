#include "ops/put_rows/put_rows.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "ops/add/add.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Two images of one text; the text is made by another op, since its storage is written to.
std::vector<Var> two_images(Context& ctx, std::span<const Var> in) {
  const Var text = add(ctx, in[0], in[0]);
  return {put_rows(ctx, put_rows(ctx, text, in[1], 1), in[2], 6)};
}

const bool registered =
    add_op_case({.name = "put_rows/two_images",
                 .slot = "put_rows",
                 .inputs = {{.shape = {9, 13}}, {.shape = {4, 13}}, {.shape = {3, 13}}},
                 .run = two_images}) &&
    add_op_case({.name = "put_rows/frozen_text",
                 .slot = "put_rows",
                 .inputs = {{.shape = {8, 5}, .wants_grad = false}, {.shape = {2, 5}}, {.shape = {2, 5}}},
                 .run = two_images}) &&
    add_op_case(
        {.name = "put_rows/frozen_images",
         .slot = "put_rows",
         .inputs = {{.shape = {8, 8}}, {.shape = {5, 8}, .wants_grad = false}, {.shape = {2, 8}, .wants_grad = false}},
         .run = two_images});

TEST(PutRows, refuses_rows_that_do_not_fit) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const auto rows = [&](std::int64_t count, std::int64_t width) {
    return Var(Tensor(pool, Category::workspace, DType::f32, {count, width}));
  };
  EXPECT_THROW(put_rows(ctx, rows(4, 3), rows(2, 2), 0), InternalError);
  EXPECT_THROW(put_rows(ctx, rows(4, 3), rows(2, 3), 3), InternalError);
}

}  // namespace
}  // namespace eft
