#include "data/batches/packing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "data/batches/loader.h"
#include "data/test_files.h"

namespace eft {
namespace {

/// Examples of the given lengths; token values tell the example and the place, all but the first bear loss.
std::vector<Example> examples_of(const std::vector<int>& lengths) {
  std::vector<Example> examples;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    Example example;
    for (int t = 0; t < lengths[i]; ++t) example.tokens.push_back(static_cast<std::int32_t>(1000 * (i + 1)) + t);
    example.labels = example.tokens;
    if (lengths[i] > 2) example.labels[1] = kIgnoreLabel;
    example.source = "rows.jsonl:" + std::to_string(i + 1);
    examples.push_back(std::move(example));
  }
  return examples;
}

std::vector<int> random_lengths(int count) {
  Random random(7);
  std::vector<int> lengths;
  for (int i = 0; i < count; ++i)
    lengths.push_back(2 + static_cast<int>(random.below(random.below(4) == 0 ? 500 : 120)));
  return lengths;
}

void expect_each_once(const Bins& rows, SampleLengths lengths, std::int64_t capacity) {
  std::vector<int> seen(lengths.size(), 0);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    std::int64_t length = 0;
    for (const std::uint32_t sample : rows[row]) {
      ++seen[sample];
      length += lengths[sample];
    }
    EXPECT_FALSE(rows[row].empty());
    EXPECT_LE(length, capacity);
  }
  EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int times) { return times == 1; }));
}

TEST(Packing, takes_every_sample_once_and_fills_rows) {
  const std::vector<int> ints = random_lengths(5000);
  const std::vector<std::uint32_t> lengths(ints.begin(), ints.end());
  std::vector<std::uint32_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto tokens = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}));
  const auto tight = pack_tightly(order, lengths, 512);
  expect_each_once(tight, lengths, 512);
  EXPECT_GT(tokens / (512.0 * static_cast<double>(tight.size())), 0.97);
  const auto in_order = pack_in_order(order, lengths, 512);
  expect_each_once(in_order, lengths, 512);
  EXPECT_GT(tokens / (512.0 * static_cast<double>(in_order.size())), 0.9);
  for (std::size_t i = 1; i < in_order.size(); ++i) EXPECT_LT(in_order[i - 1][0], in_order[i][0]);
  const auto sequential = pack_sequentially(order, lengths, 512);
  expect_each_once(sequential, lengths, 512);
  for (std::size_t i = 1; i < sequential.size(); ++i) EXPECT_EQ(sequential[i - 1].back() + 1, sequential[i][0]);
}

TEST(Loader, lays_rows_end_to_end) {
  const auto examples = examples_of({3, 2, 4});
  Loader loader(examples, {.sequence_len = 4, .micro_batch_size = 2, .packing = false, .shuffle = false, .seed = 1});
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  const PackedRow batch = loader.next();
  EXPECT_EQ(batch.tokens, (std::vector<std::int32_t>{1000, 1001, 1002, 2000, 2001}));
  EXPECT_EQ(batch.targets, (std::vector<std::int32_t>{kIgnoreLabel, 1002, kIgnoreLabel, 2001, kIgnoreLabel}));
  EXPECT_EQ(batch.positions, (std::vector<std::int32_t>{0, 1, 2, 0, 1}));
  EXPECT_EQ(batch.starts, (std::vector<std::int64_t>{0, 3, 5}));
  EXPECT_EQ(batch.label_tokens(), 2);
  EXPECT_EQ(loader.next().tokens.size(), 4U);
  EXPECT_EQ(loader.cursor(), (LoaderCursor{1, 0}));
}

TEST(Loader, packs_several_samples_into_a_row) {
  const auto examples = examples_of({5, 3, 4, 2, 2});
  Loader loader(examples, {.sequence_len = 8, .micro_batch_size = 1, .packing = true, .shuffle = false, .seed = 1});
  EXPECT_EQ(loader.batches_per_epoch(), 2);
  EXPECT_EQ(loader.next().starts, (std::vector<std::int64_t>{0, 5, 8}));
  EXPECT_EQ(loader.next().starts, (std::vector<std::int64_t>{0, 4, 6, 8}));
  EXPECT_DOUBLE_EQ(loader.fill(), 1.0);
}

TEST(Loader, packs_sequentially_where_asked) {
  const auto examples = examples_of({5, 4, 3, 2, 2});
  Loader loader(examples, {.sequence_len = 8, .packing = true, .sequential = true, .shuffle = false});
  EXPECT_EQ(loader.next().starts, (std::vector<std::int64_t>{0, 5}));
  EXPECT_EQ(loader.next().starts, (std::vector<std::int64_t>{0, 4, 7}));
  EXPECT_EQ(loader.next().starts, (std::vector<std::int64_t>{0, 2, 4}));
}

TEST(Loader, groups_by_length_where_asked) {
  std::vector<int> lengths = random_lengths(80);
  Loader loader(examples_of(lengths), {.sequence_len = 512, .micro_batch_size = 4, .group_by_length = true, .seed = 2});
  std::vector<int> seen;
  std::size_t worst = 0;
  for (int batch = 0; batch < 20; ++batch) {
    const PackedRow row = loader.next();
    std::vector<int> sizes;
    for (std::size_t s = 1; s < row.starts.size(); ++s)
      sizes.push_back(static_cast<int>(row.starts[s] - row.starts[s - 1]));
    if (batch == 0) {
      EXPECT_EQ(sizes[0], std::ranges::max(lengths));
    } else {
      worst += static_cast<std::size_t>(std::ranges::max(sizes) - std::ranges::min(sizes));
    }
    seen.insert(seen.end(), sizes.begin(), sizes.end());
  }
  EXPECT_LT(worst / 19, 100U);  // of up to 500
  std::ranges::sort(seen);
  std::ranges::sort(lengths);
  EXPECT_EQ(seen, lengths);
}

TEST(Loader, knows_the_size_of_each_batch) {
  const auto examples = examples_of(random_lengths(40));
  Loader loader(examples, {.sequence_len = 512, .micro_batch_size = 2, .packing = true, .seed = 3});
  for (std::int64_t batch = 0; batch < loader.batches_per_epoch() - 1; ++batch) {
    const BatchSize size = loader.batch_size(batch);
    const PackedRow row = loader.next();
    EXPECT_EQ(size.tokens, static_cast<std::int64_t>(row.tokens.size()));
    EXPECT_EQ(size.label_tokens, row.label_tokens());
  }
}

TEST(Loader, carries_weights_of_labels) {
  auto examples = examples_of({3, 2});
  examples[1].weights = {0, 0.25};
  Loader loader(examples, {.sequence_len = 8, .micro_batch_size = 2, .shuffle = false});
  EXPECT_EQ(loader.next().weights, (std::vector<float>{1, 1, 1, 0.25, 1}));
}

/// Both answers of a pair stand in one row, chosen first, whatever packs and shuffles.
TEST(Loader, keeps_pairs_together) {
  auto examples = examples_of(random_lengths(60));
  for (std::size_t i = 0; i < examples.size(); ++i) {
    examples[i].role = i % 2 == 0 ? PreferenceRole::chosen : PreferenceRole::rejected;
    examples[i].tokens[0] = static_cast<std::int32_t>(i);
  }
  for (const bool packing : {false, true}) {
    Loader loader(examples, {.sequence_len = 512, .micro_batch_size = 3, .packing = packing, .seed = 4});
    EXPECT_EQ(loader.capacity(), 1024);
    std::set<std::int32_t> seen;
    for (std::int64_t left = loader.batches_per_epoch(); left > 0; --left) {
      const BatchSize size = loader.batch_size(loader.cursor().batch);
      const PackedRow row = loader.next();
      EXPECT_EQ(size.tokens, static_cast<std::int64_t>(row.tokens.size()));
      ASSERT_EQ(row.roles.size(), row.starts.size() - 1);
      for (std::size_t s = 0; s < row.roles.size(); ++s) {
        const std::int32_t number = row.tokens[static_cast<std::size_t>(row.starts[s])];
        EXPECT_EQ(row.roles[s], s % 2 == 0 ? PreferenceRole::chosen : PreferenceRole::rejected);
        if (s % 2 == 1) {
          EXPECT_EQ(number, row.tokens[static_cast<std::size_t>(row.starts[s - 1])] + 1);
        }
        seen.insert(number);
      }
    }
    EXPECT_EQ(seen.size(), 60U);
  }
}

TEST(Loader, shuffles_each_epoch_in_its_own_way_and_repeats_itself) {
  const auto examples = examples_of(random_lengths(50));
  for (const bool packing : {false, true}) {
    const LoaderOptions options{
        .sequence_len = 512, .micro_batch_size = 3, .packing = packing, .shuffle = true, .seed = 5};
    Loader loader(examples, options);
    Loader twin(examples, options);
    std::vector<std::vector<std::int32_t>> epochs;
    for (int epoch = 0; epoch < 2; ++epoch) {
      std::vector<std::int32_t>& tokens = epochs.emplace_back();
      for (std::int64_t left = loader.batches_per_epoch(); left > 0; --left) {
        const PackedRow batch = loader.next();
        EXPECT_EQ(batch.tokens, twin.next().tokens);
        tokens.insert(tokens.end(), batch.tokens.begin(), batch.tokens.end());
      }
    }
    EXPECT_NE(epochs[0], epochs[1]);
    for (auto& tokens : epochs) std::sort(tokens.begin(), tokens.end());
    EXPECT_EQ(epochs[0], epochs[1]);
  }
}

TEST(Loader, resumes_at_a_cursor) {
  const auto examples = examples_of(random_lengths(60));
  const LoaderOptions options{.sequence_len = 512, .micro_batch_size = 2, .packing = true, .shuffle = true, .seed = 3};
  Loader loader(examples, options);
  for (std::int64_t i = loader.batches_per_epoch() + 3; i > 0; --i) loader.next();
  Loader resumed(examples, options);
  resumed.seek(loader.cursor());
  for (int i = 0; i < 20; ++i) EXPECT_EQ(resumed.next().tokens, loader.next().tokens);
  EXPECT_NE(message_of<DataError>([&] { resumed.seek({0, 10000}); }), "");
}

TEST(Loader, refuses_what_it_cannot_lay_out) {
  EXPECT_NE(message_of<DataError>([] { Loader(Examples(), {}); }), "");
  const auto examples = examples_of({9});
  EXPECT_EQ(message_of<DataError>([&] { Loader(examples, {.sequence_len = 8}); }),
            "rows.jsonl:1: 9 tokens, expected at most sequence_len = 8");
}

}  // namespace
}  // namespace eft
