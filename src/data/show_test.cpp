#include "data/show.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>

#include "data/test_files.h"

namespace eft {
namespace {

Example example_of(const std::string& context, const std::string& trained) {
  Example example;
  example.tokens = demo_tokenizer().encode(context);
  example.labels.assign(example.tokens.size(), kIgnoreLabel);
  const auto ids = demo_tokenizer().encode(trained);
  example.tokens.insert(example.tokens.end(), ids.begin(), ids.end());
  example.labels.insert(example.labels.end(), ids.begin(), ids.end());
  example.source = "some:rows.jsonl:12";
  return example;
}

TEST(Show, marks_what_bears_loss) {
  const Example example = example_of("<|turn>user\na\r\x1b[2J", "b<turn|>");
  EXPECT_EQ(show_example(example, demo_tokenizer(), ShowStyle::plain), "<|turn>user\na\\r\\x1b[2J«b<turn|>»");
  EXPECT_EQ(show_example(example_of("a", "b"), demo_tokenizer(), ShowStyle::colour), "\x1b[2ma\x1b[0m\x1b[32mb\x1b[0m");
}

TEST(Show, lists_tokens_with_their_ids) {
  const Example example = example_of("<|turn>user\na", "b<turn|>");
  const std::string text = show_tokens(example, demo_tokenizer(), ShowStyle::plain, 200);
  EXPECT_EQ(text.find(fmt::format("{}:<|turn> ", example.tokens[0])), 0U) << text;
  EXPECT_NE(text.find(":\\n "), std::string::npos) << text;
  EXPECT_NE(text.find(fmt::format("«{}:b» «{}:<turn|>»", example.tokens[example.tokens.size() - 2],
                                  example.tokens.back())),
            std::string::npos)
      << text;
  const std::string narrow = show_tokens(example, demo_tokenizer(), ShowStyle::plain, 12);
  EXPECT_GT(std::count(narrow.begin(), narrow.end(), '\n'), 2) << narrow;
  EXPECT_NE(show_tokens(example, demo_tokenizer(), ShowStyle::colour, 200).find("\x1b[32m"), std::string::npos);
}

TEST(Show, dumps_one_json_object) {
  Example example;
  example.tokens = {2, 5, 6};
  example.labels = {kIgnoreLabel, 5, 6};
  example.source = "some:rows.jsonl:12";
  EXPECT_EQ(dump_example(example),
            R"({"input_ids":[2,5,6],"labels":[-100,5,6],"source":"some:rows.jsonl","row":12})");
  Example other{.tokens = {2, 7}, .labels = {kIgnoreLabel, 7}, .weights = {0, 0.5}, .source = "rows.jsonl:3"};
  EXPECT_EQ(dump_example(other), R"({"input_ids":[2,7],"labels":[-100,7],"weights":[0.0,0.5],)"
                                 R"("source":"rows.jsonl","row":3})");
  EXPECT_EQ(dump_packed(std::vector<ExampleView>{example, other}),
            R"({"input_ids":[2,5,6,2,7],"labels":[-100,5,6,-100,7],"position_ids":[0,1,2,0,1],)"
            R"("segments":[1,1,1,2,2],"source":["some:rows.jsonl","rows.jsonl"],"row":[12,3],)"
            R"("weights":[1.0,1.0,1.0,0.0,0.5]})");
}

TEST(Show, draws_lengths) {
  const auto lines = length_histogram({0, 0, 0, 2, 0, 1});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0].find("4 to 7"), std::string::npos);
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), '#'), 40);
  EXPECT_EQ(std::count(lines[1].begin(), lines[1].end(), '#'), 0);
  EXPECT_EQ(std::count(lines[2].begin(), lines[2].end(), '#'), 20);
  EXPECT_TRUE(length_histogram({}).empty());
}

}  // namespace
}  // namespace eft
