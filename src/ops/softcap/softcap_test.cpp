#include "ops/softcap/softcap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"

namespace eft {
namespace {

const bool odd = add_op_case(
    {.name = "softcap/odd_width",
     .slot = "softcap",
     .inputs = {{.shape = {5, 37}, .scale = 3.0}},
     .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{softcap(ctx, in[0], 4.0)}; }});

const bool many = add_op_case(
    {.name = "softcap/several_tasks",
     .slot = "softcap",
     .inputs = {{.shape = {17, 2050}, .scale = 20.0}},
     .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{softcap(ctx, in[0], 30.0)}; }});

TEST(Softcap, keeps_small_values_and_bounds_large_ones) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const std::vector<double> values = {-1e30, -500, -30, -1e-20, 0, 1e-6, 0.5, 45, 1e9};
  for (const DType dtype : {DType::f32, DType::f64}) {
    Tensor x(pool, Category::workspace, dtype, {static_cast<std::int64_t>(values.size())});
    from_doubles(x, values);
    const std::vector<double> y = to_doubles(softcap(ctx, Var(x), 30.0).value());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double wanted = 30 * std::tanh(values[i] / 30);
      EXPECT_NEAR(y[i], wanted, (dtype == DType::f64 ? 1e-14 : 1e-6) * std::abs(wanted)) << values[i];
    }
  }
}

TEST(Softcap, refuses_a_cap_that_is_not_positive) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(Tensor(pool, Category::workspace, DType::f32, {2}));
  EXPECT_THROW(softcap(ctx, x, 0), InternalError);
}

}  // namespace
}  // namespace eft
