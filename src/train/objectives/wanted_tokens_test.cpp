#include "train/objectives/wanted_tokens.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/load.h"
#include "train/objectives/objective.h"

namespace eft {
namespace {

PackedRow row_with(std::vector<std::int32_t> targets) {
  PackedRow row;
  row.targets = std::move(targets);
  for (std::size_t i = 0; i < row.targets.size(); ++i) {
    row.tokens.push_back(static_cast<std::int32_t>(2 + i * 29 % 240));
    row.positions.push_back(static_cast<std::int32_t>(i));
  }
  row.starts = {0, static_cast<std::int64_t>(row.tokens.size())};
  return row;
}

TEST(WantedTokens, are_those_with_targets_and_short_gaps) {
  std::vector<std::int32_t> targets(60, kIgnoreLabel);
  for (const std::size_t i : {5, 6, 12, 50}) targets[i] = 9;
  const WantedTokens wanted = wanted_tokens(row_with(targets));
  EXPECT_EQ(wanted.rows, (std::vector<std::int32_t>{5, 6, 7, 8, 9, 10, 11, 12, 50}));
  EXPECT_EQ(wanted.targets, (std::vector<std::int32_t>{9, 9, -100, -100, -100, -100, -100, 9, 9}));
}

TEST(WantedTokens, keep_their_weights) {
  PackedRow row = row_with(std::vector<std::int32_t>(60, kIgnoreLabel));
  row.targets[7] = row.targets[9] = 9;
  row.weights.assign(60, 1.0F);
  row.weights[9] = 0.25F;
  EXPECT_EQ(wanted_tokens(row).weights, (std::vector<float>{1, 1, 0.25F}));
  row.targets.assign(60, 9);
  EXPECT_EQ(wanted_tokens(row).weights, row.weights);
}

TEST(WantedTokens, are_all_when_nothing_would_be_saved) {
  std::vector<std::int32_t> targets(60, 9);
  targets[0] = kIgnoreLabel;
  EXPECT_TRUE(wanted_tokens(row_with(targets)).rows.empty());
  EXPECT_EQ(wanted_tokens(row_with(targets)).targets.size(), 60U);
}

/// Loss and gradients of all parameters over two packed sequences.
struct Pass {
  double loss = 0;
  std::vector<std::vector<double>> gradients;
};

Pass run(const std::string& name, bool skip, bool recompute) {
  Pool pool(Device::cpu);
  LoadOptions options;
  options.dtype = DType::f64;
  options.train_base = true;
  const OpenedModel opened = open_model("tests/golden/data/" + name, options, pool);
  std::vector<std::int32_t> targets(57, kIgnoreLabel);
  for (std::size_t i = 3; i < 9; ++i) targets[i] = 11;
  for (std::size_t i = 30; i < 34; ++i) targets[i] = 40;
  targets[54] = 7;
  PackedRow row = row_with(targets);
  row.starts = {0, 21, 57};
  for (std::size_t i = 21; i < 57; ++i) row.positions[i] = static_cast<std::int32_t>(i - 21);
  const WantedTokens wanted = skip ? wanted_tokens(row) : WantedTokens{.rows = {}, .targets = row.targets};
  ModelInput input = input_of(row);
  input.wanted = wanted.rows;
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape, .recompute = recompute};
  const Var hidden = opened.model->hidden(ctx, input, nullptr);
  EXPECT_EQ(hidden.shape()[0], static_cast<std::int64_t>(wanted.targets.size()));
  const Var loss = opened.model->loss(ctx, hidden, wanted.targets, 1.0 / 11);
  Pass pass{.loss = item(loss.value()), .gradients = {}};
  tape.backward(ctx, loss);
  for (const Parameter& parameter : opened.model->parameters()) {
    if (parameter.trainable()) {
      pass.gradients.push_back(parameter.grad->filled ? to_doubles(parameter.grad->tensor) : std::vector<double>());
    }
  }
  return pass;
}

class SkippedTokens : public testing::TestWithParam<const char*> {};

TEST_P(SkippedTokens, change_neither_loss_nor_gradients) {
  const Pass all = run(GetParam(), false, false);
  for (const bool recompute : {false, true}) {
    const Pass skipped = run(GetParam(), true, recompute);
    EXPECT_NEAR(skipped.loss, all.loss, 1e-13 * all.loss);
    for (std::size_t p = 0; p < all.gradients.size(); ++p) {
      ASSERT_EQ(skipped.gradients[p].size(), all.gradients[p].size());
      double difference = 0, squares = 0;
      for (std::size_t i = 0; i < all.gradients[p].size(); ++i) {
        difference += std::pow(skipped.gradients[p][i] - all.gradients[p][i], 2);
        squares += std::pow(all.gradients[p][i], 2);
      }
      EXPECT_LE(std::sqrt(difference), 1e-12 * std::sqrt(squares) + 1e-300) << "parameter " << p;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SkippedTokens,
                         testing::Values("gemma3", "gemma3n", "gemma4_e", "gemma4_dense", "gemma4_moe"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace eft
