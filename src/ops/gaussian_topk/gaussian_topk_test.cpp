#include "ops/gaussian_topk/gaussian_topk.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// With a gap, no value is near the cut-off, and f32 and bf16 decide as f64 does.
OpCase topk_case(std::string name, Shape shape, double sparsity, double gap = 0) {
  return {.name = "gaussian_topk/" + name,
          .slot = "gaussian_topk",
          .inputs = {{.shape = shape, .shift = 0.5, .gap = gap}},
          .run = [=](Context& ctx,
                     std::span<const Var> in) { return std::vector<Var>{gaussian_topk(ctx, in[0], sparsity)}; },
          .smooth = gap > 0};  // the gradient jumps at the cut-off
}

const bool registered =
    add_op_case(topk_case("half", {5, 37}, 0.5)) && add_op_case(topk_case("most", {7, 201}, 0.95)) &&
    add_op_case(topk_case("few", {2, 1000}, 0.1)) && add_op_case(topk_case("half_apart", {5, 37}, 0.5, 3)) &&
    add_op_case(topk_case("most_apart", {7, 201}, 0.7, 3));

TEST(GaussianTopk, quantiles_of_the_normal_distribution) {
  EXPECT_NEAR(normal_quantile(0.95), 1.6448536269514722, 1e-15);
  EXPECT_NEAR(normal_quantile(0.5), 0.0, 1e-15);
  EXPECT_NEAR(normal_quantile(0.01), -2.3263478740408408, 1e-14);
}

TEST(GaussianTopk, keeps_what_is_above_the_cutoff) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f64, {1, 4});
  from_doubles(x, {1, 2, 3, 6});
  const std::vector<double> y = to_doubles(gaussian_topk(ctx, Var(x), 0.5).value());
  EXPECT_EQ(y[0], 0);
  EXPECT_EQ(y[2], 0);
  EXPECT_NEAR(y[3], 3.0, 1e-14);
}

}  // namespace
}  // namespace eft
