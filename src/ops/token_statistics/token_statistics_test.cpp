#include "ops/token_statistics/token_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

constexpr std::int32_t kTargets[] = {3, -100, 0, 40, 7, -1, 40, 12, 39};

/// Whether the largest logit is the target's changes with rounding, so only f64 is compared.
OpCase over_targets(std::string name, double softcap, std::int64_t block_bytes) {
  return {.name = "token_statistics/" + std::move(name),
          .slot = "token_statistics",
          .inputs = {{.shape = {9, 13}, .wants_grad = false}, {.shape = {41, 13}, .wants_grad = false, .scale = 0.5}},
          .run =
              [=](Context& ctx, std::span<const Var> in) {
                Tensor statistics = ctx.workspace(DType::f64, {7, kTokenStatistics});
                token_losses(ctx, in[0], in[1], kTargets,
                             {.softcap = softcap, .statistics = &statistics, .block_bytes = block_bytes});
                const ElementRange ranges[] = {{0, 3}, {3, 7}};
                return std::vector<Var>{Var(statistics), Var(sum_statistics(ctx, statistics, ranges))};
              },
          .smooth = false};
}

const bool plain = add_op_case(over_targets("plain", 0, 0));
const bool in_chunks = add_op_case(over_targets("in_chunks", 5, 492));

/// Against their definitions, of logits that stand in the head under a hidden state of 1; in f32 too.
TEST(TokenStatistics, follow_their_formulas) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Random random(4);
  std::vector<double> logits(1003);
  for (double& logit : logits) logit = static_cast<double>(BFloat16(static_cast<float>(4 * random.normal())));
  const auto size = static_cast<std::int64_t>(logits.size());
  const auto largest = static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  for (const DType dtype : {DType::f64, DType::f32}) {
    for (const double softcap : {0.0, 6.0}) {
      Tensor hidden(pool, Category::workspace, dtype, {2, 1}), head(pool, Category::workspace, dtype, {size, 1});
      from_doubles(hidden, {1, 1});
      from_doubles(head, logits);
      Tensor statistics(pool, Category::workspace, DType::f64, {2, kTokenStatistics});
      const std::int32_t targets[] = {largest, largest == 0 ? 1 : 0};
      token_losses(ctx, Var(hidden), Var(head), targets,
                   {.softcap = softcap, .statistics = &statistics, .block_bytes = 3001});
      double sum = 0, weighted = 0, squares = 0, mean = 0;
      for (const double logit : logits) {
        const double z = softcap > 0 ? softcap * std::tanh(logit / softcap) : logit;
        sum += std::exp(z);
        weighted += std::exp(z) * z;
        squares += std::exp(2 * z);
        mean += z / static_cast<double>(size);
      }
      const std::vector<double> got = to_doubles(statistics);
      const double bound = dtype == DType::f64 ? 1e-12 : 1e-5;
      EXPECT_NEAR(got[0], std::log(sum) - weighted / sum, bound);
      EXPECT_NEAR(got[1], mean, bound);
      EXPECT_EQ(got[2], 1);
      EXPECT_NEAR(got[3], std::log(squares) - 2 * std::log(sum), bound);
      EXPECT_EQ(got[6], 0);
    }
  }
}

}  // namespace
}  // namespace eft
