#include "ops/cross_entropy/cross_entropy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/support/op_case.h"

namespace eft {
namespace {

constexpr std::int32_t kTargets[] = {3, -100, 0, 40, 7, -1, 40, 12, 39};

/// A case over kTargets with a vocabulary of 41.
OpCase over_targets(std::string name, CrossEntropyOptions options, bool hidden_wants = true, bool weight_wants = true) {
  return {.name = std::move(name),
          .slot = "cross_entropy",
          .inputs = {{.shape = {9, 13}, .wants_grad = hidden_wants},
                     {.shape = {41, 13}, .wants_grad = weight_wants, .scale = 0.5, .parameter = true}},
          .run = [options](Context& ctx, std::span<const Var> in) {
            return std::vector<Var>{cross_entropy(ctx, in[0], in[1], kTargets, options)};
          }};
}

const bool plain = add_op_case(over_targets("cross_entropy/odd_sizes", {.scale = 0.125}));
const bool capped = add_op_case(over_targets("cross_entropy/softcap", {.softcap = 3}));
// Blocks of 3 rows in f32 and of 1 row in f64.
const bool blocks =
    add_op_case(over_targets("cross_entropy/several_blocks", {.softcap = 5, .block_bytes = 3 * 41 * 4}));
constexpr float kWeights[] = {0.5F, 9, 1, 0, 2.25F, 9, 0.125F, 3, 1};
const bool weighted = add_op_case(over_targets(
    "cross_entropy/weighted", {.softcap = 5, .scale = 0.5, .weights = kWeights, .block_bytes = 3 * 41 * 4}));
const bool frozen_head = add_op_case(over_targets("cross_entropy/frozen_head", {.softcap = 5}, true, false));
const bool frozen_head_in_chunks =
    add_op_case(over_targets("cross_entropy/frozen_head_in_chunks",
                             {.softcap = 5, .scale = 0.5, .weights = kWeights, .block_bytes = 492}, true, false));
const bool frozen_head_without_cap = add_op_case(
    over_targets("cross_entropy/frozen_head_without_cap", {.scale = 0.25, .block_bytes = 9 * 4 * 4}, true, false));
const bool frozen_body = add_op_case(over_targets("cross_entropy/hidden_wants_no_gradient", {}, false, true));

/// Losses one by one, which get any gradients.
const bool one_by_one =
    add_op_case({.name = "cross_entropy/token_losses",
                 .slot = "cross_entropy",
                 .inputs = {{.shape = {9, 13}}, {.shape = {41, 13}, .wants_grad = false, .scale = 0.5}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   const TokenLossOptions options{.softcap = 5, .expected_gradient = 0.25, .weights = kWeights};
                   const Var losses = token_losses(ctx, in[0], in[1], kTargets, options);
                   return std::vector<Var>{losses, sum_losses(ctx, losses, 0.5, DType::f64)};
                 }});

/// A trained head whose losses get gradients that depend on them: f(losses) = ½·Σ losses², in two passes.
const bool in_two_passes = add_op_case(
    {.name = "cross_entropy/in_two_passes",
     .slot = "cross_entropy",
     .inputs = {{.shape = {9, 13}}, {.shape = {41, 13}, .scale = 0.5, .parameter = true}},
     .run = [](Context& ctx, std::span<const Var> in) {
       TokenLossOptions options{.softcap = 5, .block_bytes = 3 * 41 * 4};
       Context plain{.pool = ctx.pool};
       const Tensor first = token_losses(plain, Var(in[0].value()), Var(in[1].value()), kTargets, options).value();
       options.gradients = &first;
       const Var losses = token_losses(ctx, in[0], in[1], kTargets, options);
       Tensor half = ctx.output(DType::f64, {1});
       double sum = 0;
       if (ctx.device() != Device::meta) {
         for (const double loss : to_doubles(first)) sum += loss * loss / 2;
         from_doubles(half, {sum});
       }
       return std::vector<Var>{ctx.result("half_of_squares", half, {&losses}, [losses](Context& inner, Tensor&) {
         losses.grad_target(*inner.pool);
         if (inner.device() != Device::meta) from_doubles(losses.slot()->tensor, to_doubles(losses.value()));
       })};
     }});

const bool wide = add_op_case({.name = "cross_entropy/wide_vocabulary",
                               .slot = "cross_entropy",
                               .inputs = {{.shape = {3, 5}}, {.shape = {5001, 5}, .wants_grad = false}},
                               .run = [](Context& ctx, std::span<const Var> in) {
                                 const std::int32_t targets[] = {5000, 4096, 17};
                                 return std::vector<Var>{cross_entropy(ctx, in[0], in[1], targets, {.softcap = 30})};
                               }});

/// The head is also the table of another op, as when tied: both add to one gradient.
const bool tied = add_op_case({.name = "cross_entropy/weight_used_twice",
                               .slot = "cross_entropy",
                               .inputs = {{.shape = {9, 13}}, {.shape = {41, 13}, .scale = 0.5, .parameter = true}},
                               .run = [](Context& ctx, std::span<const Var> in) {
                                 return std::vector<Var>{cross_entropy(ctx, in[0], in[1], kTargets, {.softcap = 4}),
                                                         cross_entropy(ctx, in[0], in[1], kTargets)};
                               }});

Tensor filled(Pool& pool, DType dtype, Shape shape, const std::vector<double>& values) {
  Tensor tensor(pool, Category::workspace, dtype, std::move(shape));
  from_doubles(tensor, values);
  return tensor;
}

TEST(CrossEntropy, is_the_logarithm_of_the_vocabulary_for_equal_logits) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var hidden(filled(pool, DType::f32, {2, 1}, {1, -1}));
  const Var weight(filled(pool, DType::bf16, {8, 1}, std::vector<double>(8, 0.5)));
  const std::int32_t targets[] = {2, 7};
  const Var loss = cross_entropy(ctx, hidden, weight, targets, {.softcap = 30, .scale = 0.5});
  EXPECT_EQ(loss.dtype(), DType::f32);
  EXPECT_NEAR(item(loss.value()), std::log(8.0), 1e-6);
  EXPECT_FALSE(loss.wants_grad());
}

TEST(CrossEntropy, follows_its_formula) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const double logits[] = {4, -6, 1, 9, 0.5};  // under a hidden state of one element, 1 and then -0.5
  const Var hidden(filled(pool, DType::f64, {3, 1}, {1, 7, -0.5}));
  const Var weight(filled(pool, DType::f64, {5, 1}, {std::begin(logits), std::end(logits)}));
  const std::int32_t targets[] = {2, -100, 1};
  const auto capped = [](double x) { return 5 * std::tanh(x / 5); };
  const auto loss_of = [&](double state, std::size_t target) {
    double sum = 0;
    for (const double logit : logits) sum += std::exp(capped(state * logit));
    return std::log(sum) - capped(state * logits[target]);
  };
  const double wanted = 0.25 * (loss_of(1, 2) + loss_of(-0.5, 1));
  const Var loss = cross_entropy(ctx, hidden, weight, targets, {.softcap = 5, .scale = 0.25});
  EXPECT_NEAR(item(loss.value()), wanted, 1e-14);
}

TEST(CrossEntropy, weighs_each_target) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  std::vector<double> values(2 * 3 + 5 * 3);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  const Var hidden(filled(pool, DType::f64, {2, 3}, {values.begin(), values.begin() + 6}));
  const Var weight(filled(pool, DType::f64, {5, 3}, {values.begin() + 6, values.end()}));
  const auto loss = [&](std::vector<std::int32_t> targets, std::vector<float> weights) {
    return item(cross_entropy(ctx, hidden, weight, targets, {.weights = weights}).value());
  };
  EXPECT_NEAR(loss({4, 2}, {0.5F, 3.0F}), 0.5 * loss({4, -100}, {}) + 3.0 * loss({-100, 2}, {}), 1e-14);
}

TEST(CrossEntropy, is_zero_without_targets) {
  Pool pool(Device::cpu);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape};
  const Var hidden = Var::leaf(filled(pool, DType::f32, {2, 2}, {1, 2, 3, 4}));
  const Var weight = Var::leaf(filled(pool, DType::f32, {3, 2}, {1, 2, 3, 4, 5, 6}));
  const std::int32_t targets[] = {-100, -100};
  const Var loss = cross_entropy(ctx, hidden, weight, targets);
  EXPECT_EQ(item(loss.value()), 0);
  tape.backward(ctx, loss);
  EXPECT_EQ(to_doubles(hidden.grad()), std::vector<double>(4));
  EXPECT_EQ(to_doubles(weight.grad()), std::vector<double>(6));
}

TEST(CrossEntropy, stays_exact_for_sure_and_for_hopeless_predictions) {
  Pool pool(Device::cpu);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape};
  const Var hidden = Var::leaf(filled(pool, DType::f32, {2, 1}, {100, 100}));
  const Var weight(filled(pool, DType::f32, {2, 1}, {0, 10}));
  const std::int32_t targets[] = {1, 0};
  const Var loss = cross_entropy(ctx, hidden, weight, targets);
  EXPECT_EQ(item(loss.value()), 1000);
  tape.backward(ctx, loss);
  EXPECT_EQ(to_doubles(hidden.grad()), (std::vector<double>{0, 10}));
}

/// The largest logit comes last and far above the others, so that all sums so far fade to nothing.
TEST(CrossEntropy, is_the_same_in_any_chunks) {
  Pool pool(Device::cpu);
  const auto gradient = [&](std::int64_t block_bytes) {
    Tape tape;
    Context ctx{.pool = &pool, .tape = &tape};
    const Var hidden = Var::leaf(filled(pool, DType::f64, {2, 2}, {1, 0.5, -1, 2}));
    const Var weight(filled(pool, DType::f64, {6, 2}, {1, 2, -3, 4, 0.5, -6, 7, 8, -90, 10, 90, 300}));
    const std::int32_t targets[] = {2, 0};
    const Var loss = cross_entropy(ctx, hidden, weight, targets, {.block_bytes = block_bytes});
    tape.backward(ctx, loss);
    std::vector<double> values = to_doubles(hidden.grad());
    values.push_back(item(loss.value()));
    return values;
  };
  const std::vector<double> whole = gradient(1 << 20);
  for (const std::int64_t pieces : {1, 2, 4}) {
    const std::vector<double> chunked = gradient(pieces * 2 * 8);
    for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_NEAR(chunked[i], whole[i], 1e-12 * std::abs(whole[i])) << i;
  }
}

TEST(CrossEntropy, counts_many_small_terms_beside_a_large_one) {
  constexpr std::int64_t kVocabulary = 1 << 18;
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var hidden(filled(pool, DType::f32, {1, 1}, {1}));
  std::vector<double> logits(kVocabulary, -17.5);  // each below half an ulp of 1
  logits[0] = 0;
  const Var weight(filled(pool, DType::f32, {kVocabulary, 1}, logits));
  const std::int32_t targets[] = {0};
  const double wanted = std::log1p((kVocabulary - 1) * std::exp(-17.5));
  EXPECT_NEAR(item(cross_entropy(ctx, hidden, weight, targets).value()), wanted, 1e-2 * wanted);
}

TEST(CrossEntropy, shows_a_broken_logit) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var hidden(filled(pool, DType::f32, {1, 1}, {1}));
  const std::int32_t targets[] = {0};
  for (const double broken : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const Var weight(filled(pool, DType::f32, {3, 1}, {1, broken, 2}));
    EXPECT_TRUE(std::isnan(item(cross_entropy(ctx, hidden, weight, targets).value()))) << broken;
  }
}

TEST(CrossEntropy, writes_the_gradient_in_bf16_where_products_want_it) {
  Pool pool(Device::cpu);
  const std::vector<double> values = {0.5, -1, 2, 3, 0, -2};
  const CrossEntropySoftmax options{.softcap = 4, .scale = 0.5};
  const std::vector<std::int32_t> targets = {2, 1};
  Tensor losses(pool, Category::workspace, DType::f64, {2});
  Tensor wide = filled(pool, DType::f32, {2, 3}, values);
  Tensor logits = filled(pool, DType::f32, {2, 3}, values);
  Tensor narrow(pool, Category::workspace, DType::bf16, {2, 3});
  const auto* kernels = cross_entropy_kernels.find(Device::cpu);
  kernels->softmax({}, options, wide.view(), targets, wide.view(), losses.view());
  kernels->softmax({}, options, logits.view(), targets, narrow.view(), losses.view());
  const std::vector<double> exact = to_doubles(wide), got = to_doubles(narrow);
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(got[i], exact[i], 0x1p-8 * std::abs(exact[i]));
}

TEST(CrossEntropy, gives_a_trained_head_only_the_gradient_that_was_expected) {
  Pool pool(Device::cpu);
  const Var hidden = Var::leaf(filled(pool, DType::f32, {2, 1}, {1, -1}));
  const Var weight = Var::leaf(filled(pool, DType::f32, {3, 1}, {1, 2, 3}));
  const std::int32_t targets[] = {0, 2};
  const auto backward = [&](double expected, double scale) {
    Tape tape;
    Context ctx{.pool = &pool, .tape = &tape};
    const Var losses = token_losses(ctx, hidden, weight, targets, {.expected_gradient = expected});
    tape.backward(ctx, sum_losses(ctx, losses, scale, DType::f32));
  };
  EXPECT_NO_THROW(backward(0.5, 0.5));
  EXPECT_THROW(backward(0.5, 0.25), InternalError);
}

TEST(CrossEntropy, takes_only_targets_it_can_reach) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var hidden(filled(pool, DType::f32, {1, 1}, {1}));
  const Var weight(filled(pool, DType::f32, {3, 1}, {1, 2, 3}));
  const std::int32_t outside[] = {3};
  const std::int32_t too_many[] = {0, 1};
  EXPECT_THROW(cross_entropy(ctx, hidden, weight, outside), InternalError);
  EXPECT_THROW(cross_entropy(ctx, hidden, weight, too_many), InternalError);
}

TEST(CrossEntropy, lets_the_planner_see_one_block_of_logits) {
  Pool pool(Device::meta);
  Context ctx{.pool = &pool};
  const Var hidden(Tensor(pool, Category::saved, DType::bf16, {512, 640}));
  const Var weight(Tensor(pool, Category::weights, DType::bf16, {262144, 640}));
  const std::vector<std::int32_t> targets(512, 1);
  cross_entropy(ctx, hidden, weight, targets, {.block_bytes = 64 << 20});
  EXPECT_NEAR(static_cast<double>(pool.peak()[Category::logits]), 64.0 * 262144 * 4, 1e6);
}

}  // namespace
}  // namespace eft
