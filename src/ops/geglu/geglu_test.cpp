#include "ops/geglu/geglu.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/support/op_case.h"

namespace eft {
namespace {

std::vector<Var> run(Context& ctx, std::span<const Var> in) { return {geglu(ctx, in[0], in[1])}; }

const bool odd = add_op_case({.name = "geglu/odd_width",
                              .slot = "geglu",
                              .inputs = {{.shape = {5, 37}, .scale = 2.0}, {.shape = {5, 37}}},
                              .run = run});

const bool frozen_up = add_op_case({.name = "geglu/only_gate_wants_gradient",
                                    .slot = "geglu",
                                    .inputs = {{.shape = {3, 2, 9}}, {.shape = {3, 2, 9}, .wants_grad = false}},
                                    .run = run});

const bool many = add_op_case({.name = "geglu/several_tasks",
                               .slot = "geglu",
                               .inputs = {{.shape = {33, 1030}}, {.shape = {33, 1030}}},
                               .run = run});

const bool packed =
    add_op_case({.name = "geglu/packed",
                 .slot = "geglu",
                 .inputs = {{.shape = {21, 2 * 37}, .scale = 2.0}},
                 .run = [](Context& ctx, std::span<const Var> in) { return std::vector<Var>{geglu(ctx, in[0])}; }});

double gelu_tanh(double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }

/// gelu of x by the op, with the gradient in `slope`.
double gelu_by_op(double x, DType dtype, double* slope) {
  Pool pool(Device::cpu);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape};
  Tensor gate(pool, Category::workspace, dtype, {1});
  from_doubles(gate, {x});
  Tensor one(pool, Category::workspace, dtype, {1});
  from_doubles(one, {1.0});
  const Var input = Var::leaf(gate);
  const Var y = geglu(ctx, input, Var(one));
  tape.backward(ctx, y);
  *slope = item(input.grad());
  return item(y.value());
}

TEST(Geglu, holds_relative_accuracy_from_the_tail_to_large_values) {
  for (const double x : {-6.0, -4.5, -3.0, -1e-3, 1e-6, 0.5, 3.0, 20.0, 1e4}) {
    double slope = 0;
    EXPECT_NEAR(gelu_by_op(x, DType::f64, &slope), gelu_tanh(x), 2e-14 * std::max(1.0, std::abs(x))) << x;
    EXPECT_NEAR(gelu_by_op(x, DType::f32, &slope), gelu_tanh(x), 5e-6 * std::abs(gelu_tanh(x)) + 1e-12) << x;
  }
}

TEST(Geglu, is_finite_far_out) {
  for (const double x : {-1e30, -1e6, -100.0, 100.0, 1e6}) {
    for (const DType dtype : {DType::f32, DType::f64}) {
      double slope = 0;
      EXPECT_NEAR(gelu_by_op(x, dtype, &slope), std::max(x, 0.0), 1e-3) << x;
      EXPECT_NEAR(slope, x > 0 ? 1 : 0, 1e-6) << x;
    }
  }
}

}  // namespace
}  // namespace eft
