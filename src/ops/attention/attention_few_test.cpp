#include "ops/attention/attention_few.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace eft {
namespace {

constexpr std::int64_t kTokens = 77, kHeads = 6, kKeyHeads = 2, kHeadDim = 19;

Var random_rows(Pool& pool, DType dtype, std::int64_t heads, Random& random) {
  const Shape shape{kTokens, heads, kHeadDim};
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (double& x : values) x = random.normal();
  Tensor tensor(pool, Category::workspace, dtype, shape);
  from_doubles(tensor, values);
  return Var(tensor);
}

/// The last queries, asked for alone as decoding does, against the same rows of all queries together.
double worst_difference(DType dtype, std::int64_t queries, AttentionOptions options, bool causal) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Random random(7);
  const Var q = random_rows(pool, dtype, kHeads, random);
  const Var k = random_rows(pool, dtype, kKeyHeads, random);
  const Var v = random_rows(pool, dtype, kKeyHeads, random);
  const Var all = attention(ctx, q, k, v, {{0, kTokens, 0, kTokens, causal}}, options);
  const Var last_queries(q.value().slice(kTokens - queries, kTokens));
  const Var few = attention(ctx, last_queries, k, v, {{0, queries, 0, kTokens, causal}}, options);
  const auto got = to_doubles(few.value());
  const auto wanted = to_doubles(all.value().slice(kTokens - queries, kTokens));
  double worst = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) worst = std::max(worst, std::abs(got[i] - wanted[i]));
  return worst;
}

TEST(AttentionFew, equals_attention_of_all_queries) {
  for (const std::int64_t queries : {std::int64_t{1}, std::int64_t{3}, kFewQueries}) {
    for (const AttentionOptions options : {AttentionOptions{.scale = 0.3}, {.scale = 0.3, .window = 20}}) {
      for (const bool causal : {true, false}) {
        EXPECT_LE(worst_difference(DType::f64, queries, options, causal), 1e-14) << queries << " queries";
        EXPECT_LE(worst_difference(DType::f32, queries, options, causal), 2e-6) << queries << " queries";
        EXPECT_LE(worst_difference(DType::bf16, queries, options, causal), 2e-2) << queries << " queries";
      }
    }
  }
}

}  // namespace
}  // namespace eft
