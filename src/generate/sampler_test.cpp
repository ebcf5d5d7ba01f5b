#include "generate/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"

namespace eft {
namespace {

/// Logits whose softmax is `probabilities`.
std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

const std::vector<float> kLogits = logits_of({0.1, 0.5, 0.15, 0.25});

std::map<std::int32_t, double> left(const SamplingOptions& options, const std::vector<float>& logits = kLogits) {
  std::map<std::int32_t, double> probabilities;
  for (const Candidate& candidate : candidates(logits, options)) probabilities[candidate.token] = candidate.probability;
  return probabilities;
}

void expect_near(const std::map<std::int32_t, double>& got, const std::map<std::int32_t, double>& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  for (const auto& [token, probability] : wanted) {
    ASSERT_TRUE(got.contains(token)) << token;
    EXPECT_NEAR(got.at(token), probability, 1e-6) << token;
  }
}

TEST(Candidates, are_the_softmax_without_options) { expect_near(left({}), {{0, 0.1}, {1, 0.5}, {2, 0.15}, {3, 0.25}}); }

TEST(Candidates, greedy_takes_the_first_of_the_largest) {
  expect_near(left({.temperature = 0}), {{1, 1.0}});
  expect_near(left({.temperature = 0}, {1, 7, 7}), {{1, 1.0}});
}

TEST(Candidates, temperature_divides_the_logits) {
  const double sum = std::sqrt(0.1) + std::sqrt(0.5) + std::sqrt(0.15) + std::sqrt(0.25);
  expect_near(
      left({.temperature = 2}),
      {{0, std::sqrt(0.1) / sum}, {1, std::sqrt(0.5) / sum}, {2, std::sqrt(0.15) / sum}, {3, std::sqrt(0.25) / sum}});
}

TEST(Candidates, top_k_keeps_the_largest_and_their_equals) {
  expect_near(left({.top_k = 2}), {{1, 2.0 / 3}, {3, 1.0 / 3}});
  expect_near(left({.top_k = 9}), {{0, 0.1}, {1, 0.5}, {2, 0.15}, {3, 0.25}});
  expect_near(left({.top_k = 2}, {0, 1, 0, 0}), left({}, {0, 1, 0, 0}));
}

TEST(Candidates, top_p_keeps_tokens_in_front_of_which_less_lies) {
  expect_near(left({.top_p = 0.74}), {{1, 2.0 / 3}, {3, 1.0 / 3}});
  expect_near(left({.top_p = 0.76}), {{1, 5.0 / 9}, {2, 1.5 / 9}, {3, 2.5 / 9}});
  expect_near(left({.top_p = 0.3}), {{1, 1.0}});
  expect_near(left({.top_p = 0}), {{1, 1.0}});
}

TEST(Candidates, temperature_comes_before_top_k_before_top_p) {
  // At temperature 2 the sums from the top are .37, .63, .83; at 1 they are .5, .75, .9.
  EXPECT_EQ(left({.temperature = 2, .top_p = 0.7}).size(), 3U);
  EXPECT_EQ(left({.top_p = 0.7}).size(), 2U);
  // The two that top_k leaves have 2/3 and 1/3.
  EXPECT_EQ(left({.top_k = 2, .top_p = 0.6}).size(), 1U);
  EXPECT_EQ(left({.top_p = 0.6}).size(), 2U);
}

TEST(Candidates, of_a_wide_nucleus_come_sorted) {
  std::vector<double> probabilities;
  for (int i = 0; i < 3000; ++i) probabilities.push_back(1 + (i * 7919) % 3001);
  double sum = 0;
  for (const double p : probabilities) sum += p;
  for (double& p : probabilities) p /= sum;
  const auto tokens = candidates(logits_of(probabilities), {.top_p = 0.9});
  std::ranges::sort(probabilities, std::greater<>());
  double before = 0;
  std::size_t count = 0;
  while (before < 0.9) before += probabilities[count++];
  EXPECT_NEAR(static_cast<double>(tokens.size()), static_cast<double>(count), 1);
  EXPECT_TRUE(std::ranges::is_sorted(tokens, std::greater<>(), &Candidate::probability));
}

TEST(Candidates, refuse_what_is_no_number) {
  EXPECT_THROW(left({}, {0, NAN, 1}), DataError);
  EXPECT_THROW(left({.temperature = 0}, {NAN, 0}), DataError);
  EXPECT_THROW(left({}, {0, HUGE_VALF}), DataError);
  expect_near(left({}, {0, -HUGE_VALF}), {{0, 1.0}, {1, 0.0}});
}

TEST(Sampler, draws_by_probability) {
  constexpr int kDraws = 20000;
  Sampler sampler({.seed = 5});
  std::vector<int> counts(4);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(sampler.pick(kLogits))];
  const double wanted[] = {0.1, 0.5, 0.15, 0.25};
  for (int i = 0; i < 4; ++i) {
    const double deviation = std::sqrt(wanted[i] * (1 - wanted[i]) / kDraws);
    EXPECT_NEAR(counts[static_cast<std::size_t>(i)] / static_cast<double>(kDraws), wanted[i], 4 * deviation) << i;
  }
}

TEST(Sampler, repeats_itself_by_seed) {
  const auto draws = [](std::uint64_t seed) {
    Sampler sampler({.temperature = 1.5, .top_k = 3, .top_p = 0.99, .seed = seed});
    std::vector<std::int32_t> tokens;
    for (int i = 0; i < 50; ++i) tokens.push_back(sampler.pick(kLogits));
    return tokens;
  };
  EXPECT_EQ(draws(1), draws(1));
  EXPECT_NE(draws(1), draws(2));
}

TEST(Sampler, refuses_options_out_of_bounds) {
  EXPECT_THROW(Sampler({.temperature = -1}), ConfigError);
  EXPECT_THROW(Sampler({.temperature = NAN}), ConfigError);
  EXPECT_THROW(Sampler({.top_k = -1}), ConfigError);
  EXPECT_THROW(Sampler({.top_p = 1.01}), ConfigError);
}

}  // namespace
}  // namespace eft
