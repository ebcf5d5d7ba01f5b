#include "autograd/tape.h"

#include <gtest/gtest.h>

#include "autograd/checkpoint.h"
#include "ops/add/add.h"
#include "ops/dropout/dropout.h"
#include "ops/multiply/multiply.h"
#include "ops/scale/scale.h"

namespace eft {
namespace {

using Values = std::vector<double>;

class TapeTest : public testing::Test {
 protected:
  Tensor tensor(const Values& values) {
    Tensor t(pool_, Category::workspace, DType::f64, {static_cast<std::int64_t>(values.size())});
    from_doubles(t, values);
    return t;
  }
  Var leaf(const Values& values) { return Var::leaf(tensor(values)); }
  /// factor·x
  Var times(Context& ctx, const Var& x, double factor) { return scale(ctx, x, Var(tensor({1})), factor); }
  static Values grad(const Var& x) { return x.grad() ? to_doubles(x.grad()) : Values(); }
  void backward(const Var& y, const Values& seed) {
    const Tensor seeds[] = {tensor(seed)};
    tape_.backward(ctx_, {&y, 1}, seeds);
  }

  /// Two results of one node, x and −x, which counts what its backward got.
  std::pair<Var, Var> split(const Var& x) {
    const Var plus = Var::leaf(x.value()), minus = Var::leaf(times(without_tape(), x, -1).value());
    tape_.record("split", {plus.slot(), minus.slot()}, [this, x](Context& ctx, std::span<Tensor> grads) {
      ++runs_;
      reached_ = {static_cast<bool>(grads[0]), static_cast<bool>(grads[1])};
      const GradView target = x.grad_target(*ctx.pool);
      auto* dx = static_cast<double*>(target.view.data);
      for (std::int64_t i = 0; i < x.shape().elements(); ++i) {
        double sum = target.accumulate ? dx[i] : 0;
        if (grads[0]) sum += grads[0].data<double>()[i];
        if (grads[1]) sum -= grads[1].data<double>()[i];
        dx[i] = sum;
      }
    });
    return {plus, minus};
  }
  Context& without_tape() { return plain_; }

  Pool pool_{Device::cpu};
  Tape tape_;
  Context ctx_{.pool = &pool_, .tape = &tape_};
  Context plain_{.pool = &pool_};
  int runs_ = 0;
  std::vector<bool> reached_;
};

TEST_F(TapeTest, a_node_of_two_results_gets_the_gradients_that_arrive) {
  const Var x = leaf({1, 2});
  const auto [plus, minus] = split(x);
  backward(times(ctx_, minus, 3), {1, 10});
  EXPECT_EQ(runs_, 1);
  EXPECT_EQ(reached_, (std::vector<bool>{false, true}));
  EXPECT_EQ(grad(x), (Values{-3, -30}));
  EXPECT_EQ(tape_.nodes(), 0U);
}

TEST_F(TapeTest, a_node_that_no_gradient_reaches_does_not_run) {
  const Var x = leaf({1, 2}), other = leaf({1, 1});
  split(x);
  backward(times(ctx_, other, 2), {1, 1});
  EXPECT_EQ(runs_, 0);
  EXPECT_TRUE(grad(x).empty());
  EXPECT_EQ(grad(other), (Values{2, 2}));
}

/// `add` may hand its own gradient on to one of its terms; what that term gets later must not change the other's.
TEST_F(TapeTest, a_gradient_that_was_handed_on_is_added_to_once) {
  const Var x = leaf({1, 2}), y = leaf({3, 4});
  const Var sum = add(ctx_, x, y);
  backward(add(ctx_, add(ctx_, sum, x), sum), {1, 10});
  EXPECT_EQ(grad(x), (Values{3, 30}));
  EXPECT_EQ(grad(y), (Values{2, 20}));
}

TEST_F(TapeTest, a_value_used_twice_by_one_op_gets_both_gradients) {
  const Var x = leaf({3, -2});
  backward(multiply(ctx_, x, x), {1, 10});
  EXPECT_EQ(grad(x), (Values{6, -40}));
}

TEST_F(TapeTest, nothing_is_recorded_for_constants_or_without_a_tape) {
  const Var x = leaf({1, 2});
  times(ctx_, Var(tensor({1, 2})), 2);
  times(without_tape(), x, 2);
  EXPECT_EQ(tape_.nodes(), 0U);
}

/// Layers that square with dropout, each a checkpoint, all of them inside another one.
Var layers(Context& ctx, const Var& x, bool nested) {
  const auto run = [](Context& inner, const Var& input) {
    Var y = input;
    for (int layer = 0; layer < 3; ++layer) {
      y = block(inner, {y}, [](Context& in, const std::vector<Var>& v) {
        return std::vector<Var>{add(in, dropout(in, multiply(in, v[0], v[0]), 0.3), v[0])};
      })[0];
    }
    return y;
  };
  if (!nested) return run(ctx, x);
  return checkpoint(ctx, {x},
                    [&run](Context& in, const std::vector<Var>& v) { return std::vector<Var>{run(in, v[0])}; })[0];
}

TEST_F(TapeTest, checkpoints_inside_a_checkpoint_give_the_same_bits) {
  const Values values{0.5, -1.25, 0.75, 2, -0.3, 1.1, 0.2, -0.9};
  std::vector<Values> results, grads;
  for (const int kind : {0, 1, 2, 3}) {
    const Var x = leaf(values);
    ctx_.dropout_seed = 7;
    ctx_.dropout_counter = 0;
    ctx_.training = true;
    ctx_.recompute = (kind & 1) != 0;
    const Var y = layers(ctx_, x, (kind & 2) != 0);
    results.push_back(to_doubles(y.value()));
    backward(y, Values(values.size(), 1.0));
    grads.push_back(grad(x));
  }
  for (std::size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i], results[0]) << i;
    EXPECT_EQ(grads[i], grads[0]) << i;
  }
  EXPECT_EQ(grads[0].size(), values.size());
}

/// A checkpoint whose inputs want no gradient still has to run backward: parameters inside it may.
TEST_F(TapeTest, a_checkpoint_reaches_parameters_inside_it) {
  const Var inside = leaf({2, 3});
  const Var y = checkpoint(ctx_, {Var(tensor({5, 7}))}, [&](Context& in, const std::vector<Var>& v) {
    return std::vector<Var>{multiply(in, v[0], inside)};
  })[0];
  backward(y, {1, 10});
  EXPECT_EQ(grad(inside), (Values{5, 70}));
}

TEST_F(TapeTest, of_a_checkpoint_with_two_results_one_may_be_unreached) {
  const Var x = leaf({2, 3});
  const auto y = checkpoint(ctx_, {x}, [this](Context& in, const std::vector<Var>& v) {
    return std::vector<Var>{times(in, v[0], 2), multiply(in, v[0], v[0])};
  });
  backward(y[1], {1, 10});
  EXPECT_EQ(grad(x), (Values{4, 60}));
}

TEST_F(TapeTest, a_replay_has_the_switches_of_its_first_run) {
  std::vector<bool> seen;
  ctx_.adapters = false;
  const Var y = checkpoint(ctx_, {leaf({1})}, [&](Context& ctx, const std::vector<Var>& in) {
    seen.push_back(ctx.adapters);
    return std::vector<Var>{times(ctx, in[0], 2)};
  })[0];
  ctx_.adapters = true;
  backward(y, {1});
  EXPECT_EQ(seen, (std::vector<bool>{false, false}));
}

}  // namespace
}  // namespace eft
