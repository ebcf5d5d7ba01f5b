#include "ops/layer_norm/layer_norm.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, std::span<const Var> in) { return {layer_norm(ctx, in[0], in[1], in[2], 1e-6)}; }

OpCase norm_case(std::string name, Shape x, bool parameters_want) {
  const std::int64_t columns = x.columns();
  return {.name = "layer_norm/" + name,
          .slot = "layer_norm",
          .inputs = {{.shape = std::move(x), .scale = 2.0, .shift = 0.75},
                     {.shape = {columns}, .wants_grad = parameters_want, .shift = 1.0, .parameter = true},
                     {.shape = {columns}, .wants_grad = parameters_want, .parameter = true}},
          .run = run};
}

const bool registered = add_op_case(norm_case("odd_width", {5, 37}, true)) &&
                        add_op_case(norm_case("many_rows", {2, 75, 24}, true)) &&
                        add_op_case(norm_case("frozen", {3, 9}, false));

TEST(LayerNorm, of_a_constant_row_is_the_bias) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const auto tensor = [&](Shape shape, const std::vector<double>& values) {
    Tensor made(pool, Category::workspace, DType::f32, std::move(shape));
    from_doubles(made, values);
    return Var(made);
  };
  const Var y = layer_norm(ctx, tensor({1, 3}, {1e6, 1e6, 1e6}), tensor({3}, {2, 2, 2}), tensor({3}, {1, -1, 4}), 1e-6);
  EXPECT_EQ(to_doubles(y.value()), (std::vector<double>{1, -1, 4}));
}

}  // namespace
}  // namespace eft
