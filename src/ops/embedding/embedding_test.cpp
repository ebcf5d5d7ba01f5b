#include "ops/embedding/embedding.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool repeated = add_op_case({.name = "embedding/repeated_ids",
                                   .slot = "embedding",
                                   .inputs = {{.shape = {11, 7}, .parameter = true}},
                                   .run = [](Context& ctx, std::span<const Var> in) {
                                     const std::int32_t ids[] = {3, 10, 3, 0, 3, 7};
                                     return std::vector<Var>{embedding(ctx, in[0], ids, in[0].dtype(), {.scale = 2.5})};
                                   }});

TEST(Embedding, padding_row_is_read_but_gets_no_gradient) {
  Pool pool(Device::cpu);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape};
  Tensor table(pool, Category::weights, DType::f64, {2, 1});
  from_doubles(table, {4, 5});
  const Var weight = Var::leaf(table);
  const std::int32_t ids[] = {0, 1};
  const Var y = embedding(ctx, weight, ids, DType::f64, {.scale = 3, .padding_id = 0});
  EXPECT_EQ(to_doubles(y.value()), (std::vector<double>{12, 15}));
  Tensor ones(pool, Category::workspace, DType::f64, {2, 1});
  from_doubles(ones, {1, 1});
  const Tensor seeds[] = {ones};
  tape.backward(ctx, std::span(&y, 1), seeds);
  EXPECT_EQ(to_doubles(weight.grad()), (std::vector<double>{0, 3}));
}

TEST(Embedding, refuses_ids_outside_the_table) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var table(Tensor(pool, Category::weights, DType::f32, {2, 1}));
  const std::int32_t ids[] = {0, 2};
  EXPECT_THROW(embedding(ctx, table, ids, DType::f32), DataError);
}

}  // namespace
}  // namespace eft
