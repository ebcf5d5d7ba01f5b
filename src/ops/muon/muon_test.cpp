#include "ops/muon/muon.h"

#include <gtest/gtest.h>

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Two steps of momentum, each made orthogonal, for a wide, a tall and a square matrix.
std::vector<Var> move_twice(Context& ctx, std::span<const Var> in) {
  std::vector<Var> results;
  const DType dtype = accumulator_of(in[0].dtype());
  for (const Var& value : in) {
    Tensor buffer = ctx.output(dtype, value.shape());
    zero(buffer);
    for (int step = 0; step < 2; ++step) {
      Tensor g = ctx.output(dtype, value.shape());
      convert(value.value(), g);
      if (const auto* kernels = muon_kernels.find(ctx.device())) {
        kernels->momentum(ctx.stream, 0.9, step == 0, 0.5, g.view(), buffer.view());
      }
      orthogonalise(ctx, g, 2);
      results.emplace_back(g);
    }
    results.emplace_back(buffer);
  }
  return results;
}

const bool matrices = add_op_case({.name = "muon/matrices",
                                   .slot = "muon",
                                   .inputs = {{.shape = {3, 37}, .wants_grad = false},
                                              {.shape = {37, 5}, .wants_grad = false},
                                              {.shape = {4, 4}, .wants_grad = false}},
                                   .run = move_twice});

// Five steps bring every singular value to between a half and three halves: x·xᵀ, here as NumPy
// has it by the same formula, is not far from the identity.
TEST(Muon, makes_rows_orthogonal) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor x(pool, Category::workspace, DType::f64, {2, 3});
  from_doubles(x, {3, 1, 0.5, -1, 2, 4});
  orthogonalise(ctx, x, 5);
  const std::vector<double> v = to_doubles(x);
  const auto dot = [&](int a, int b) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i)
      sum += v[static_cast<std::size_t>(a) * 3 + i] * v[static_cast<std::size_t>(b) * 3 + i];
    return sum;
  };
  EXPECT_NEAR(dot(0, 0), 0.47373091, 1e-8);
  EXPECT_NEAR(dot(1, 1), 1.27670016, 1e-8);
  EXPECT_NEAR(dot(0, 1), 0.07469481, 1e-8);
}

}  // namespace
}  // namespace eft
