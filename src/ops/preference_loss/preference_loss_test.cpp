#include "ops/preference_loss/preference_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/segment_sum/segment_sum.h"
#include "ops/support/op_case.h"
#include "ops/token_statistics/token_statistics.h"

namespace eft {
namespace {

constexpr std::int32_t kTargets[] = {3, 2, 0, 40, 7, 1, 40, 12, 39, 8, 11};
constexpr ElementRange kAnswers[] = {{0, 2}, {2, 5}, {5, 6}, {6, 8}, {8, 10}, {10, 11}};

/// Log-probabilities of answers, so that the op sees f64 whatever the dtype of the case.
Var logps_of(Context& ctx, std::span<const Var> in, std::span<const ElementRange> ranges) {
  return segment_sum(ctx, token_losses(ctx, in[0], in[1], kTargets), ranges, -1);
}

Tensor list_of(Pool& pool, const std::vector<double>& values) {
  Tensor tensor(pool, Category::workspace, DType::f64, {static_cast<std::int64_t>(values.size())});
  if (pool.device() != Device::meta) from_doubles(tensor, values);
  return tensor;
}

std::vector<std::int32_t> sizes_of(std::span<const ElementRange> ranges) {
  std::vector<std::int32_t> sizes;
  for (const ElementRange& range : ranges) sizes.push_back(range.size());
  return sizes;
}

OpCase over_pairs(PairLoss kind, PairLossOptions options) {
  options.weights[static_cast<int>(kind)] = 1.5;
  return {.name = "preference_loss/pairs_" + std::to_string(static_cast<int>(kind)),
          .slot = "preference_loss",
          .inputs = {{.shape = {11, 13}}, {.shape = {41, 13}, .wants_grad = false, .scale = 0.5}},
          .run = [options](Context& ctx, std::span<const Var> in) {
            // Far from the policy's, so that no sum meets the corner of hinge or changes its rank.
            const Tensor reference = list_of(*ctx.pool, {-9, -12.5, -3.5, -7, -8, -4.5});
            const std::vector<std::int32_t> sizes = sizes_of(kAnswers);
            return std::vector<Var>{
                pair_loss(ctx, logps_of(ctx, in, kAnswers), {reference, {}, sizes, 3}, options, 0.25).loss};
          }};
}

bool every_kind() {
  for (int kind = 0; kind < kPairLosses; ++kind) {
    // That of ORPO has no reference and is a case of its own.
    if (static_cast<PairLoss>(kind) == PairLoss::odds_ratio) continue;
    add_op_case(over_pairs(static_cast<PairLoss>(kind), {.beta = 0.3, .label_smoothing = 0.2, .gamma = 0.4}));
  }
  return true;
}
const bool kinds = every_kind();

const bool mixed = add_op_case(
    {.name = "preference_loss/orpo",
     .slot = "preference_loss",
     .inputs = {{.shape = {11, 13}}, {.shape = {41, 13}, .wants_grad = false, .scale = 0.5}},
     .run = [](Context& ctx, std::span<const Var> in) {
       PairLossOptions options{.beta = 0.7, .means = true};
       options.weights[static_cast<int>(PairLoss::odds_ratio)] = 1;
       options.weights[static_cast<int>(PairLoss::sft)] = 1;
       const std::vector<std::int32_t> sizes = sizes_of(kAnswers);
       return std::vector<Var>{pair_loss(ctx, logps_of(ctx, in, kAnswers), {{}, {}, sizes, 2}, options, 0.5).loss};
     }});

const bool answers =
    add_op_case({.name = "preference_loss/answers",
                 .slot = "preference_loss",
                 .inputs = {{.shape = {11, 13}}, {.shape = {41, 13}, .wants_grad = false, .scale = 0.5}},
                 .run = [](Context& ctx, std::span<const Var> in) {
                   const AnswerLogps others{.reference = list_of(*ctx.pool, {-9, -12, -3, -7, -8, -4}),
                                            .shifted = list_of(*ctx.pool, {-5, -11, -4, -7, -8, -4}),
                                            .shifted_reference = list_of(*ctx.pool, {-9, -12, -4, -7, -8, -4})};
                   const std::int32_t good[] = {1, 0, 0, 1, 1, 0};
                   return std::vector<Var>{answer_loss(ctx, logps_of(ctx, in, kAnswers), others, good,
                                                       {.beta = 0.3, .desirable = 1.25, .undesirable = 0.5}, 0.5)
                                               .loss};
                 }});

/// The loss of two pairs where policy and reference agree.
double at_the_start(PairLoss kind, double beta, double smoothing) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  PairLossOptions options{.beta = beta, .label_smoothing = smoothing};
  options.weights[static_cast<int>(kind)] = 1;
  const Tensor logps = list_of(pool, {-3, -5, -4, -2});
  const std::vector<std::int32_t> counts{3, 5, 2, 2};
  return item(pair_loss(ctx, Var(logps), {logps, {}, counts, 2}, options, 1).loss.value());
}

TEST(PreferenceLoss, starts_at_known_values) {
  const double b = 0.2, e = 0.1;
  for (const PairLoss kind : {PairLoss::sigmoid, PairLoss::robust, PairLoss::aot, PairLoss::aot_unpaired,
                              PairLoss::sigmoid_norm, PairLoss::smooth_sigmoid}) {
    EXPECT_NEAR(at_the_start(kind, b, e), std::log(2), 1e-14) << static_cast<int>(kind);
  }
  for (const PairLoss kind : {PairLoss::hinge, PairLoss::apo_zero, PairLoss::apo_down}) {
    EXPECT_NEAR(at_the_start(kind, b, e), 1, 1e-14) << static_cast<int>(kind);
  }
  EXPECT_NEAR(at_the_start(PairLoss::ipo, b, e), 1 / (4 * b * b), 1e-13);
  EXPECT_NEAR(at_the_start(PairLoss::nca_pair, b, e), 2 * std::log(2), 1e-14);
  EXPECT_NEAR(at_the_start(PairLoss::bco_pair, b, e), 2 * std::log(2), 1e-14);
  EXPECT_NEAR(at_the_start(PairLoss::exo_pair, b, e), -0.5 * (std::log(4) + std::log(1 - e) + std::log(e)), 1e-14);
  EXPECT_NEAR(at_the_start(PairLoss::sppo_hard, b, e), 1 / (2 * b * b), 1e-13);
  EXPECT_NEAR(at_the_start(PairLoss::discopop, b, e), 0.5 * (1 + std::log(2)), 1e-14);
  EXPECT_NEAR(at_the_start(PairLoss::sft, b, e), 7.0 / 5, 1e-14);
}

TEST(PreferenceLoss, tells_what_it_saw) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Tensor logps = list_of(pool, {-3, -5, -4, -2}), reference = list_of(pool, {-4, -5, -3, -4});
  const std::vector<std::int32_t> counts{3, 5, 2, 2};
  const PreferenceLoss of = pair_loss(ctx, Var(logps), {reference, {}, counts, 2}, {.beta = 0.5}, 1);
  const std::vector<double> seen = to_doubles(of.metrics);
  EXPECT_EQ(std::vector<double>(seen.begin(), seen.begin() + 6), (std::vector<double>{0, 0.5, 0.5, -0.5, -3.5, -3.5}));
  const PreferenceLoss means = pair_loss(ctx, Var(logps), {{}, {}, counts, 2}, {.beta = 0.5, .means = true}, 1);
  EXPECT_EQ(to_doubles(means.metrics).at(static_cast<int>(PairMetric::chosen_logp)), -1.5);
}

TEST(PreferenceLoss, divergence_is_never_negative) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Tensor same = list_of(pool, {-3, -5}), less = list_of(pool, {-4, -6});
  const std::vector<std::int32_t> good{1, 1};
  const PreferenceLoss of = answer_loss(ctx, Var(same), {same, less, same}, good, {.desirable = 3}, 1);
  EXPECT_EQ(item(of.loss.value()), 1.5);
  const std::vector<double> seen = to_doubles(of.metrics);
  EXPECT_EQ(seen.at(static_cast<int>(AnswerMetric::divergence)), 0);
  EXPECT_TRUE(std::isnan(seen.at(static_cast<int>(AnswerMetric::rejected_reward)))) << "there is no bad answer";
}

/// Twice as likely pairs count twice, in the mean over all tokens too.
TEST(PreferenceLoss, weighs_pairs_by_their_likelihood) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Tensor logps = list_of(pool, {-3, -5, -4, -2});
  const std::vector<std::int32_t> counts{3, 5, 2, 2};
  Tensor statistics(pool, Category::workspace, DType::f64, {4, kTokenStatistics});
  std::vector<double> values(16);
  const double of_tokens[] = {-3, -5, -4 - 2 * std::log(2), -2};  // so that weights are 1 and 2
  for (std::size_t i = 0; i < 4; ++i)
    values[4 * i + static_cast<std::size_t>(TokenStatistic::collision)] = of_tokens[i];
  from_doubles(statistics, values);
  const auto loss = [&](PairLoss kind, const Tensor& weights) {
    PairLossOptions options;
    options.weights[static_cast<int>(kind)] = 1;
    return item(pair_loss(ctx, Var(logps), {logps, weights, counts, 2}, options, 1).loss.value());
  };
  for (const PairLoss kind : {PairLoss::sigmoid, PairLoss::sft}) {
    EXPECT_NEAR(loss(kind, statistics), 1.5 * loss(kind, {}), 1e-14);
  }
}

TEST(PreferenceLoss, refuses_lists_that_do_not_fit) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var logps(list_of(pool, {-3, -5, -4, -2}));
  const std::vector<std::int32_t> three{1, 1, 1}, four{1, 1, 1, 1};
  EXPECT_THROW(pair_loss(ctx, logps, {{}, {}, three, 2}, {}, 1), InternalError);
  EXPECT_THROW(pair_loss(ctx, logps, {list_of(pool, {-1}), {}, four, 2}, {}, 1), InternalError);
}

}  // namespace
}  // namespace eft
