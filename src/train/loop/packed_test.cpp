#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "models/load.h"
#include "train/objectives/objective.h"

// Sequences that share a row see no trace of one another: loss and gradients are those of each sequence alone.
namespace eft {
namespace {

constexpr double kSameInFloat32 = 1e-6;

/// Longer than the tiny models' sliding window, so both kinds of layers have something to cut off.
constexpr std::array<std::size_t, 4> kLengths = {17, 1, 9, 24};

PackedRow row_of(std::span<const std::int32_t> tokens) {
  PackedRow row;
  row.tokens.assign(tokens.begin(), tokens.end());
  row.targets.assign(tokens.begin() + 1, tokens.end());
  row.targets.push_back(kIgnoreLabel);
  for (std::size_t i = 0; i < row.targets.size(); i += 5) row.targets[i] = kIgnoreLabel;
  row.positions.resize(tokens.size());
  std::iota(row.positions.begin(), row.positions.end(), 0);
  row.starts = {0, static_cast<std::int64_t>(tokens.size())};
  return row;
}

std::vector<PackedRow> separate_rows() {
  Random random(11);
  std::vector<PackedRow> rows;
  for (const std::size_t length : kLengths) {
    std::vector<std::int32_t> tokens(length);
    for (std::int32_t& token : tokens) token = static_cast<std::int32_t>(2 + random.below(240));
    rows.push_back(row_of(tokens));
  }
  return rows;
}

PackedRow packed(const std::vector<PackedRow>& rows) {
  PackedRow all{.tokens = {}, .targets = {}, .positions = {}, .starts = {0}};
  for (const PackedRow& row : rows) {
    all.tokens.insert(all.tokens.end(), row.tokens.begin(), row.tokens.end());
    all.targets.insert(all.targets.end(), row.targets.begin(), row.targets.end());
    all.positions.insert(all.positions.end(), row.positions.begin(), row.positions.end());
    all.starts.push_back(static_cast<std::int64_t>(all.tokens.size()));
  }
  return all;
}

/// Loss and gradients of all parameters over `rows`, the mean over their label tokens together.
struct Pass {
  double loss = 0;
  std::vector<std::pair<std::string, std::vector<double>>> gradients;
};

Pass pass_over(const std::string& name, const std::vector<PackedRow>& rows) {
  Pool pool(Device::cpu);
  LoadOptions options;
  options.dtype = DType::f32;
  options.train_base = true;
  const OpenedModel opened = open_model("tests/golden/data/" + name, options, pool);
  std::int64_t labels = 0;
  for (const PackedRow& row : rows) labels += row.label_tokens();
  Pass pass;
  for (const PackedRow& row : rows) {
    if (row.label_tokens() == 0) continue;
    Tape tape;
    Context ctx{.pool = &pool, .tape = &tape};
    const Var hidden = opened.model->hidden(ctx, input_of(row), nullptr);
    const Var loss = opened.model->loss(ctx, hidden, row.targets, 1.0 / static_cast<double>(labels));
    pass.loss += item(loss.value());
    tape.backward(ctx, loss);
  }
  for (const Parameter& parameter : opened.model->parameters()) {
    if (parameter.trainable() && parameter.grad->filled) {
      pass.gradients.emplace_back(parameter.name, to_doubles(parameter.grad->tensor));
    }
  }
  return pass;
}

class Packed : public ::testing::TestWithParam<const char*> {};

TEST_P(Packed, loss_and_gradients_are_those_of_separate_rows) {
  const std::vector<PackedRow> rows = separate_rows();
  const Pass apart = pass_over(GetParam(), rows);
  const Pass together = pass_over(GetParam(), {packed(rows)});
  EXPECT_NEAR(together.loss, apart.loss, kSameInFloat32 * apart.loss);
  ASSERT_EQ(together.gradients.size(), apart.gradients.size());
  ASSERT_FALSE(apart.gradients.empty());
  double norm = 0;
  for (const auto& [name, values] : apart.gradients) {
    norm += std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
  }
  norm = std::sqrt(norm);
  ASSERT_GT(norm, 0.0);
  for (std::size_t p = 0; p < apart.gradients.size(); ++p) {
    const auto& [name, expected] = apart.gradients[p];
    const auto& [other, got] = together.gradients[p];
    ASSERT_EQ(other, name);
    ASSERT_EQ(got.size(), expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - expected[i]));
    EXPECT_LE(worst / norm, kSameInFloat32) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, Packed,
                         ::testing::Values("gemma3", "gemma3n", "gemma4_e", "gemma4_dense", "gemma4_moe"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace eft
