#include "generate/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/random.h"
#include "models/load.h"

namespace eft {
namespace {

constexpr std::size_t kLength = 31;  // the sliding window of the small models is 5

struct Case {
  const char* model;
  DType dtype;
};

/// A small model, opened.
struct Opened {
  explicit Opened(const Case& what)
      : pool(Device::cpu),
        opened(open_model(std::filesystem::path("tests/golden/data") / what.model, {.dtype = what.dtype, .adapter = {}},
                          pool)),
        model(*opened.model) {}

  std::vector<std::int32_t> random_tokens(std::size_t count) const {
    Random random(11);
    std::vector<std::int32_t> tokens(count);
    for (auto& token : tokens) {
      token = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(model.info().vocabulary)));
    }
    return tokens;
  }

  /// Logits of what follows each token, [tokens][vocabulary], from one forward without a cache.
  std::vector<std::vector<double>> whole_forward(std::span<const std::int32_t> tokens) {
    std::vector<std::int32_t> positions(tokens.size());
    std::iota(positions.begin(), positions.end(), 0);
    const std::vector<std::int64_t> starts{0, static_cast<std::int64_t>(tokens.size())};
    Context ctx{.pool = &pool};
    const ModelInput input{.tokens = tokens, .positions = positions, .starts = starts};
    const std::vector<double> all = to_doubles(model.logits(ctx, model.hidden(ctx, input, nullptr)).value());
    std::vector<std::vector<double>> rows;
    const auto width = static_cast<std::ptrdiff_t>(model.info().vocabulary);
    for (auto at = all.begin(); at != all.end(); at += width) rows.emplace_back(at, at + width);
    return rows;
  }

  Pool pool;
  OpenedModel opened;
  Model& model;
};

double worst(const std::vector<double>& got, const std::vector<double>& wanted) {
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    difference = std::max(difference, std::abs(got[i] - wanted[i]));
    largest = std::max(largest, std::abs(wanted[i]));
  }
  return difference / largest;
}

class CachedDecode : public testing::TestWithParam<Case> {};

TEST_P(CachedDecode, equals_the_full_forward_however_it_is_split) {
  Opened opened(GetParam());
  const double bound = GetParam().dtype == DType::f64 ? 1e-12 : 1e-5;
  const auto tokens = opened.random_tokens(kLength);
  const auto wanted = opened.whole_forward(tokens);
  const std::vector<std::vector<std::size_t>> splits{{1}, {13, 1}, {3, 9, 1, 7}, {kLength}};
  Decoder decoder(opened.model, opened.pool);
  for (const auto& split : splits) {
    decoder.forget(0);
    std::size_t begin = 0;
    for (std::size_t part = 0; begin < kLength; ++part) {
      const std::size_t end = std::min(kLength, begin + split[std::min(part, split.size() - 1)]);
      const Tensor logits = decoder.read(0, std::span(tokens).subspan(begin, end - begin));
      EXPECT_LE(worst(to_doubles(logits), wanted[end - 1]), bound) << "tokens " << begin << " to " << end;
      begin = end;
    }
  }
}

TEST_P(CachedDecode, greedy_is_the_argmax_of_full_forwards) {
  Opened opened(GetParam());
  std::vector<std::int32_t> tokens = opened.random_tokens(4);
  Decoder decoder(opened.model, opened.pool);
  Sampler greedy({.temperature = 0});
  const Generated generated = generate(decoder, tokens, {.max_new_tokens = 12, .stop_tokens = {}}, greedy);
  ASSERT_EQ(generated.tokens.size(), 12U);
  EXPECT_EQ(generated.finish, Finish::length);
  for (const std::int32_t token : generated.tokens) {
    const auto last = opened.whole_forward(tokens).back();
    EXPECT_EQ(token, std::ranges::max_element(last) - last.begin());
    tokens.push_back(token);
  }
}

/// A sequence that is read in a slot of its own beside others.
struct Sequence {
  std::vector<std::int32_t> tokens;
  std::vector<std::vector<double>> wanted;  ///< logits behind each token
  std::size_t read = 0;
};

void expect_logits(const Tensor& logits, std::int64_t row, const Sequence& sequence, double bound) {
  EXPECT_LE(worst(to_doubles(logits.slice(row, row + 1)), sequence.wanted[sequence.read - 1]), bound)
      << "row " << row << ", token " << sequence.read;
}

TEST_P(CachedDecode, many_sequences_at_once_equal_each_alone) {
  Opened opened(GetParam());
  const double bound = GetParam().dtype == DType::f64 ? 1e-12 : 1e-5;
  for (const std::int64_t count : {2, 9}) {
    Decoder decoder(opened.model, opened.pool, count);
    std::vector<Sequence> sequences;
    const auto begin = [&](std::int64_t slot, std::size_t prompt) {  // more tokens than the prompt's will be read
      Sequence& sequence = sequences[static_cast<std::size_t>(slot)];
      sequence.tokens = opened.random_tokens(prompt + 16);
      std::ranges::rotate(sequence.tokens, sequence.tokens.begin() + slot);
      sequence.wanted = opened.whole_forward(sequence.tokens);
      sequence.read = prompt;
      expect_logits(decoder.read(slot, std::span(sequence.tokens).first(prompt)), 0, sequence, bound);
    };
    sequences.resize(static_cast<std::size_t>(count));
    for (std::int64_t slot = 0; slot < count; ++slot) begin(slot, static_cast<std::size_t>(1 + 3 * slot));
    for (std::int64_t round = 0; round < 12; ++round) {
      std::vector<std::int64_t> slots;
      std::vector<std::int32_t> tokens;
      for (std::int64_t slot = count; slot-- > 0;) {
        if (round % 3 == 1 && slot % 2 == 0) continue;  // now and then some sequences wait
        Sequence& sequence = sequences[static_cast<std::size_t>(slot)];
        slots.push_back(slot);
        tokens.push_back(sequence.tokens[sequence.read++]);
      }
      const Tensor logits = decoder.step(slots, tokens);
      for (std::size_t i = 0; i < slots.size(); ++i) {
        expect_logits(logits, static_cast<std::int64_t>(i), sequences[static_cast<std::size_t>(slots[i])], bound);
      }
      if (round == 5) {  // a slot that is used again
        decoder.forget(1);
        begin(1, 2);
      }
    }
  }
}

std::string name(const testing::TestParamInfo<Case>& info) {
  return info.param.model + std::string("_") + std::string(name_of(info.param.dtype));
}

INSTANTIATE_TEST_SUITE_P(Families, CachedDecode,
                         testing::Values(Case{"gemma3", DType::f64}, Case{"gemma3", DType::f32},
                                         Case{"gemma3_container", DType::f64}, Case{"gemma4_e", DType::f64},
                                         Case{"gemma4_e", DType::f32}, Case{"gemma4_dense", DType::f64},
                                         Case{"gemma4_dense", DType::f32}, Case{"gemma4_container", DType::f64},
                                         Case{"gemma4_moe", DType::f64}, Case{"gemma4_moe", DType::f32},
                                         Case{"gemma3n", DType::f64}),
                         name);

class Generating : public testing::Test {
 protected:
  Opened opened_{{"gemma4_e", DType::f32}};
  Decoder decoder_{opened_.model, opened_.pool};
  Sampler greedy_{{.temperature = 0}};
  std::vector<std::int32_t> prompt_ = opened_.random_tokens(6);
};

TEST_F(Generating, ends_at_a_stop_token) {
  const auto free = generate(decoder_, prompt_, {.max_new_tokens = 5, .stop_tokens = {}}, greedy_);
  const std::int32_t stop = free.tokens.back();
  const auto first = std::ranges::find(free.tokens, stop) - free.tokens.begin();
  const auto stopped = generate(decoder_, prompt_, {.max_new_tokens = 5, .stop_tokens = {9999, stop}}, greedy_);
  EXPECT_EQ(stopped.finish, Finish::stop_token);
  EXPECT_EQ(stopped.stop_token, stop);
  EXPECT_EQ(stopped.tokens, std::vector<std::int32_t>(free.tokens.begin(), free.tokens.begin() + first));
}

TEST_F(Generating, hands_out_tokens_until_the_caller_has_enough) {
  std::vector<std::int32_t> seen;
  const auto generated = generate(decoder_, prompt_, {}, greedy_, [&](std::int32_t token) {
    seen.push_back(token);
    return seen.size() < 3;
  });
  EXPECT_EQ(generated.finish, Finish::caller);
  EXPECT_EQ(generated.tokens, seen);
  EXPECT_EQ(seen.size(), 3U);
}

TEST_F(Generating, reads_only_what_is_new_of_a_longer_prompt) {
  const GenerateLimits limits{.max_new_tokens = 7, .stop_tokens = {}};
  std::vector<std::int32_t> longer = prompt_;
  const auto turn = generate(decoder_, prompt_, limits, greedy_);
  longer.insert(longer.end(), turn.tokens.begin(), turn.tokens.end());
  longer.insert(longer.end(), {3, 1, 4});
  const auto continued = generate(decoder_, longer, limits, greedy_);
  EXPECT_EQ(continued.prompt_computed, 4);  // the last generated token had not been read
  Decoder fresh(opened_.model, opened_.pool);
  EXPECT_EQ(generate(fresh, longer, limits, greedy_).tokens, continued.tokens);
  longer[1] = longer[1] == 0 ? 1 : 0;
  EXPECT_EQ(generate(decoder_, longer, limits, greedy_).prompt_computed, static_cast<std::int64_t>(longer.size()));
}

TEST_F(Generating, ends_where_the_positions_end) {
  const auto most = static_cast<std::size_t>(opened_.model.info().max_positions);
  const auto generated = generate(decoder_, opened_.random_tokens(most - 2), {}, greedy_);
  EXPECT_EQ(generated.finish, Finish::context);
  EXPECT_EQ(generated.tokens.size(), 3U);
  EXPECT_THROW(generate(decoder_, opened_.random_tokens(most + 1), {}, greedy_), DataError);
}

TEST_F(Generating, refuses_tokens_outside_the_vocabulary) {
  prompt_.push_back(static_cast<std::int32_t>(opened_.model.info().vocabulary));
  EXPECT_THROW(generate(decoder_, prompt_, {}, greedy_), DataError);
}

}  // namespace
}  // namespace eft
