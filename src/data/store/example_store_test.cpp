#include "data/store/example_store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/hash.h"
#include "data/store/examples.h"
#include "data/test_files.h"

namespace eft {
namespace {

Example example_of(std::int32_t number) {
  Example example;
  for (std::int32_t i = 0; i <= number % 7; ++i) {
    example.tokens.push_back(number + i);
    example.labels.push_back(i % 2 == 0 ? kIgnoreLabel : number + i);
    if (number % 3 == 0) example.weights.push_back(static_cast<float>(i) / 4);
  }
  example.source = (number % 2 == 0 ? "a b.jsonl:" : "c:d.jsonl:") + std::to_string(number + 1);
  return example;
}

void write_store(const std::filesystem::path& path, std::int32_t count) {
  std::ofstream out(path, std::ios::binary);
  ExampleWriter writer([&](std::string_view bytes) { out << bytes; });
  for (std::int32_t i = 0; i < count; ++i) writer.add(example_of(i));
  writer.finish("notes of it");
}

TEST(ExampleStore, gives_back_what_was_written) {
  const TestFolder folder;
  const auto path = folder.path() / "store";
  for (const std::int32_t count : {0, 1, 4096, 9000}) {
    write_store(path, count);
    const auto store = ExampleStore::open(path);
    ASSERT_EQ(store->size(), static_cast<std::size_t>(count));
    EXPECT_EQ(store->notes(), "notes of it");
    for (std::int32_t i = 0; i < count; ++i) {
      const Example expected = example_of(i);
      const Example got = (*store)[static_cast<std::size_t>(i)].copy();
      ASSERT_EQ(got.tokens, expected.tokens);
      ASSERT_EQ(got.labels, expected.labels);
      ASSERT_EQ(got.weights, expected.weights);
      ASSERT_EQ(got.source, expected.source);
      ASSERT_EQ(store->entry(static_cast<std::size_t>(i)).label_tokens, expected.label_tokens());
    }
  }
}

/// Answers of `pairs` prompts of odd lengths.
std::vector<Example> pairs_of(std::int32_t pairs) {
  std::vector<Example> examples;
  for (std::int32_t i = 0; i < 2 * pairs; ++i) {
    Example example = example_of(i + 1);
    example.role = i % 2 == 0 ? PreferenceRole::chosen : PreferenceRole::rejected;
    example.answer = std::string(static_cast<std::size_t>(i % 5), 'a');
    if (i % 2 == 0) example.prompt = "prompt " + std::to_string(i);
    examples.push_back(std::move(example));
  }
  return examples;
}

TEST(ExampleStore, keeps_roles_and_texts) {
  const auto examples = pairs_of(3000);
  const auto store = ExampleStore::of(examples);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const Example got = (*store)[i].copy();
    ASSERT_EQ(got.tokens, examples[i].tokens);
    ASSERT_EQ(got.weights, examples[i].weights);
    ASSERT_EQ(got.role, examples[i].role);
    ASSERT_EQ(got.prompt, examples[i].prompt);
    ASSERT_EQ(got.answer, examples[i].answer);
  }
}

TEST(Examples, a_pair_is_one_unit) {
  const auto examples = pairs_of(3);
  const Examples units(examples);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units.members(1), 2U);
  EXPECT_EQ(units.member(1, 1).copy().tokens, examples[3].tokens);
  EXPECT_EQ(units.length(1), static_cast<std::int64_t>(examples[2].tokens.size() + examples[3].tokens.size()));
  EXPECT_EQ(units.longest(1), static_cast<std::int64_t>(examples[3].tokens.size()));
  EXPECT_EQ(units.label_tokens(2), examples[4].label_tokens() + examples[5].label_tokens());
  EXPECT_EQ(units.select({2}).copy().at(1).tokens, examples[5].tokens);
  EXPECT_EQ(units.copy().size(), 6U);
}

TEST(ExampleStore, refuses_what_is_not_whole) {
  const TestFolder folder;
  const auto path = folder.path() / "store";
  write_store(path, 50);
  const std::string whole = read_text(path);
  const auto fails = [&](const std::string& bytes) {
    write_text(path, bytes);
    return message_of<DataError>([&] { ExampleStore::open(path); }).starts_with(path.string() + ": not a whole store");
  };
  EXPECT_FALSE(fails(whole));
  for (std::size_t size = 0; size < whole.size(); size += 97) EXPECT_TRUE(fails(whole.substr(0, size))) << size;
  for (std::size_t at = 0; at < whole.size(); at += 61) {
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ 4);
    EXPECT_TRUE(fails(other)) << at;
  }
  EXPECT_TRUE(fails(whole + whole.substr(0, 8)));
}

TEST(Examples, are_a_store_in_some_order) {
  std::vector<Example> all;
  for (std::int32_t i = 0; i < 10; ++i) all.push_back(example_of(i));
  const Examples examples(all);
  const Examples some = examples.select({7, 2});
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].copy().tokens, all[7].tokens);
  EXPECT_EQ(some.length(1), static_cast<std::int64_t>(all[2].tokens.size()));
  EXPECT_EQ(some.tokens(), some.length(0) + some.length(1));
  EXPECT_EQ(some.label_tokens(), all[7].label_tokens() + all[2].label_tokens());
  EXPECT_TRUE(Examples().empty());
  EXPECT_EQ(ExampleView(all[1]).row, 2);
  EXPECT_EQ(ExampleView(all[1]).file, "c:d.jsonl");
}

}  // namespace
}  // namespace eft
