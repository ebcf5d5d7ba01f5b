#include "ops/attention/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

using Segments = std::vector<AttentionSegment>;

OpCase attention_case(std::string name, Shape q, Shape k, Segments segments, AttentionOptions options) {
  return {.name = "attention/" + name,
          .slot = "attention",
          .inputs = {{.shape = q}, {.shape = k}, {.shape = k}},
          .run = [=](Context& ctx, std::span<const Var> in) {
            return std::vector<Var>{attention(ctx, in[0], in[1], in[2], segments, options)};
          }};
}

/// A text of 3 tokens, an image of 4, a text of 2, an image of 5; then 4 tokens of another sequence.
const Segments kImages{{0, 3, 0, 3}, {3, 4, 0, 7, false}, {7, 2, 0, 9}, {9, 5, 0, 14, false}, {14, 4, 14, 4}};
/// Texts and images over several blocks of queries and keys.
const Segments kLongImages{{0, 30, 0, 30},   {30, 70, 0, 100, false},   {100, 10, 0, 110}, {110, 40, 0, 150, false},
                           {150, 1, 0, 151}, {151, 20, 151, 20, false}, {171, 9, 151, 29}};

const bool registered =
    add_op_case(attention_case("causal", {9, 1, 6}, {9, 1, 6}, {{0, 9, 0, 9}}, {.scale = 0.4})) &&
    add_op_case(attention_case("packed_grouped", {13, 6, 5}, {13, 2, 5}, {{0, 4, 0, 4}, {4, 1, 4, 1}, {5, 8, 5, 8}},
                               {.scale = 0.5})) &&
    add_op_case(attention_case("window", {21, 2, 7}, {21, 1, 7}, {{0, 3, 0, 3}, {3, 18, 3, 18}},
                               {.scale = 0.3, .window = 5})) &&
    add_op_case(attention_case("both_ways", {11, 2, 4}, {11, 2, 4}, {{0, 11, 0, 11, false}}, {})) &&
    add_op_case(attention_case("window_both_ways", {11, 2, 4}, {11, 2, 4}, {{0, 11, 0, 11, false}}, {.window = 3})) &&
    add_op_case(attention_case("cached_keys", {3, 2, 6}, {10, 1, 6}, {{0, 3, 1, 9}}, {.scale = 0.4})) &&
    add_op_case(attention_case("runs_of_queries", {9, 2, 6}, {20, 1, 6},
                               {{0, 2, 0, 4}, {2, 1, 0, 7}, {3, 3, 0, 11}, {6, 3, 13, 6}}, {.scale = 0.4})) &&
    add_op_case(attention_case("runs_of_queries_in_several_blocks", {90, 1, 4}, {170, 1, 4},
                               {{0, 20, 0, 60}, {20, 70, 0, 165}}, {.scale = 0.4, .window = 50})) &&
    add_op_case(attention_case("several_blocks", {150, 2, 9}, {150, 1, 9}, {{0, 150, 0, 150}}, {.scale = 0.3})) &&
    add_op_case(attention_case("groups_in_several_blocks", {150, 6, 5}, {150, 2, 5},
                               {{0, 47, 0, 47}, {47, 103, 47, 103}}, {.scale = 0.3, .window = 60})) &&
    add_op_case(attention_case("window_in_several_blocks", {200, 1, 3}, {200, 1, 3}, {{0, 200, 0, 200}},
                               {.scale = 0.5, .window = 70})) &&
    add_op_case(attention_case("images", {18, 4, 6}, {18, 2, 6}, kImages, {.scale = 0.4})) &&
    add_op_case(attention_case("images_in_a_window", {18, 2, 6}, {18, 1, 6}, kImages, {.scale = 0.4, .window = 6})) &&
    add_op_case(attention_case("images_longer_than_the_window", {18, 2, 6}, {18, 1, 6}, kImages,
                               {.scale = 0.4, .window = 3})) &&
    add_op_case(attention_case("images_in_several_blocks", {180, 2, 5}, {180, 1, 5}, kLongImages,
                               {.scale = 0.4, .window = 75})) &&
    add_op_case(attention_case("even_head_images", {18, 4, 8}, {18, 2, 8}, kImages, {.scale = 0.4, .window = 6})) &&
    add_op_case(
        attention_case("even_head_images_in_several_blocks", {180, 2, 8}, {180, 1, 8}, kLongImages, {.scale = 0.4})) &&
    add_op_case(attention_case("even_head", {7, 4, 8}, {7, 2, 8}, {{0, 3, 0, 3}, {3, 4, 3, 4}}, {.scale = 0.4})) &&
    add_op_case(attention_case("even_head_in_several_blocks", {133, 2, 40}, {150, 1, 40},
                               {{0, 20, 0, 35}, {20, 113, 35, 113}}, {.scale = 0.15})) &&
    add_op_case(attention_case("even_head_window", {100, 1, 136}, {100, 1, 136}, {{0, 3, 0, 3}, {3, 97, 3, 97}},
                               {.scale = 0.08, .window = 37})) &&
    add_op_case(attention_case("even_head_both_ways", {70, 1, 24}, {70, 1, 24}, {{0, 70, 0, 70, false}},
                               {.scale = 0.2, .window = 9})) &&
    add_op_case(attention_case("even_head_image_longer_than_the_window", {30, 2, 16}, {30, 1, 16},
                               {{0, 4, 0, 4}, {4, 19, 0, 23, false, false}, {23, 7, 0, 30}},
                               {.scale = 0.3, .window = 7})) &&
    add_op_case(attention_case("even_head_runs_of_queries", {9, 2, 16}, {40, 1, 16},
                               {{0, 2, 0, 4}, {2, 1, 0, 7}, {3, 3, 0, 31}, {6, 3, 33, 6}}, {.scale = 0.4})) &&
    add_op_case(
        attention_case("wide_heads_in_groups", {37, 2, 264}, {37, 1, 264}, {{0, 37, 0, 37}}, {.scale = 0.06})) &&
    add_op_case(attention_case("wide_head", {3, 2, 512}, {3, 1, 512}, {{0, 3, 0, 3}}, {.scale = 0.05}));

/// The formula, one query and head at a time.
std::vector<double> naive(const std::vector<double>& q, const std::vector<double>& k, const std::vector<double>& v,
                          std::int64_t tokens, std::int64_t head_dim, std::int64_t window) {
  std::vector<double> out(q.size(), 0.0);
  for (std::int64_t t = 0; t < tokens; ++t) {
    std::vector<double> weights;
    double sum = 0;
    const std::int64_t first = std::max<std::int64_t>(0, t - window + 1);
    for (std::int64_t j = first; j <= t; ++j) {
      double score = 0;
      for (std::int64_t i = 0; i < head_dim; ++i) {
        score += q[static_cast<std::size_t>(t * head_dim + i)] * k[static_cast<std::size_t>(j * head_dim + i)];
      }
      weights.push_back(std::exp(score));
      sum += weights.back();
    }
    for (std::int64_t j = first; j <= t; ++j) {
      for (std::int64_t i = 0; i < head_dim; ++i) {
        out[static_cast<std::size_t>(t * head_dim + i)] +=
            weights[static_cast<std::size_t>(j - first)] / sum * v[static_cast<std::size_t>(j * head_dim + i)];
      }
    }
  }
  return out;
}

TEST(Attention, equals_the_formula_across_blocks) {
  constexpr std::int64_t kTokens = 333, kHeadDim = 5, kWindow = 100;
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Random random(3);
  std::vector<Tensor> tensors;
  std::vector<std::vector<double>> values;
  for (int i = 0; i < 3; ++i) {
    values.emplace_back(static_cast<std::size_t>(kTokens * kHeadDim));
    for (double& x : values.back()) x = random.normal();
    tensors.emplace_back(pool, Category::workspace, DType::f64, Shape{kTokens, 1, kHeadDim});
    from_doubles(tensors.back(), values.back());
  }
  const Var out = attention(ctx, Var(tensors[0]), Var(tensors[1]), Var(tensors[2]), {{0, kTokens, 0, kTokens}},
                            {.window = kWindow});
  const std::vector<double> wanted = naive(values[0], values[1], values[2], kTokens, kHeadDim, kWindow);
  const std::vector<double> got = to_doubles(out.value());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-13);
}

/// Two sequences that ask about all their tokens, whose keys lie in a slab of many more rows.
Tensor attention_in_slab(Pool& pool, DType dtype, std::int64_t slab, std::int64_t first_key, std::int64_t second_key) {
  constexpr std::int64_t kFirst = 20, kSecond = 7, kHeadDim = 8;
  Context ctx{.pool = &pool};
  const auto random = [&](std::int64_t rows, std::uint64_t seed) {
    Random numbers(seed);
    std::vector<double> values(static_cast<std::size_t>(rows * kHeadDim));
    for (double& x : values) x = numbers.normal();
    return values;
  };
  const auto rows_in_slab = [&](std::uint64_t seed) {
    std::vector<double> all(static_cast<std::size_t>(slab * kHeadDim), std::nan(""));
    std::ranges::copy(random(kFirst, seed), all.begin() + first_key * kHeadDim);
    std::ranges::copy(random(kSecond, seed + 1), all.begin() + second_key * kHeadDim);
    Tensor tensor(pool, Category::workspace, dtype, {slab, 1, kHeadDim});
    from_doubles(tensor, all);
    return Var(tensor);
  };
  Tensor q(pool, Category::workspace, dtype, {kFirst + kSecond, 1, kHeadDim});
  from_doubles(q, random(kFirst + kSecond, 9));
  const Segments segments{{0, kFirst, first_key, kFirst}, {kFirst, kSecond, second_key, kSecond}};
  return attention(ctx, Var(q), rows_in_slab(1), rows_in_slab(5), segments, {.scale = 0.3}).value();
}

TEST(Attention, reads_the_keys_of_its_segments_only) {
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    Pool pool(Device::cpu);
    const std::vector<double> dense = to_doubles(attention_in_slab(pool, dtype, 27, 0, 20));
    EXPECT_EQ(to_doubles(attention_in_slab(pool, dtype, 90, 40, 11)), dense);
    EXPECT_EQ(to_doubles(attention_in_slab(pool, dtype, 500, 3, 480)), dense);
  }
}

TEST(Attention, needs_no_more_space_for_keys_that_it_does_not_read) {
  const Segments segments{{0, 20, 900, 20}, {20, 7, 100, 30}};
  const auto bytes = [&](std::int64_t keys) {
    return attention_kernels.find(Device::cpu)->workspace_bytes(DType::bf16, {27, 2, 8}, {keys, 1, 8}, segments, false);
  };
  EXPECT_GT(bytes(1000), 0);
  EXPECT_EQ(bytes(1000000), bytes(1000));
}

TEST(Attention, keys_of_no_segment_get_gradient_zero) {
  Pool pool(Device::cpu);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape};
  const auto ones = [&](Shape shape) {
    Tensor x(pool, Category::workspace, DType::f64, shape);
    from_doubles(x, std::vector<double>(static_cast<std::size_t>(shape.elements()), 1.0));
    return Var::leaf(x);
  };
  const Var q = ones({2, 1, 2}), k = ones({5, 1, 2}), v = ones({5, 1, 2});
  const Var out = attention(ctx, q, k, v, {{0, 2, 1, 3}}, {});
  tape.backward(ctx, std::vector<Var>{out}, std::vector<Tensor>{ones({2, 1, 2}).value()});
  const std::vector<double> dv = to_doubles(v.grad());
  EXPECT_EQ(dv[0], 0);
  EXPECT_EQ(dv[8], 0);
  EXPECT_NEAR(dv[2] + dv[4] + dv[6], 2.0, 1e-15);
}

TEST(Attention, counts_weights_as_none_that_would_be_denormal) {
  constexpr std::int64_t kTokens = 12;  // too many for the kernel of a few queries
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const auto column = [&](double value, double last) {
    std::vector<double> values(kTokens, value);
    values.back() = last;
    Tensor tensor(pool, Category::workspace, DType::f32, {kTokens, 1, 1});
    from_doubles(tensor, values);
    return Var(tensor);
  };
  // What the last token gets when the others' keys score so much less.
  const auto result_of_last = [&](double distance) {
    const Segments all = {{0, kTokens, 0, kTokens}};
    const Var out = attention(ctx, column(1, 1), column(-distance, 0), column(1e36, 2), all, {.scale = 1});
    return to_doubles(out.value()).back();
  };
  EXPECT_EQ(result_of_last(80), 2);  // exp(-80) is 1.8e-35
  EXPECT_NEAR(result_of_last(60), 11e36 * std::exp(-60), 1e-4 * 11e36 * std::exp(-60));
}

}  // namespace
}  // namespace eft
