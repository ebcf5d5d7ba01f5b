#include <functional>

#include "base/error.h"
#include "data/test_files.h"

// Loss weights of parts and turns, and the thought channel: what Axolotl has no word for.
namespace eft {
namespace {

/// Options for one row in Gemma 4's template.
DataOptions with_row(const TestFolder& folder, const std::string& row,
                     const std::function<void(DataOptions&)>& change = {}) {
  DataOptions options = one_dataset(folder.write("rows.jsonl", row), DatasetType::chat_template);
  if (change) change(options);
  return options;
}

Example example_of(const std::string& row, const std::function<void(DataOptions&)>& change = {}) {
  const TestFolder folder;
  return prepare_demo(with_row(folder, row, change)).train.at(0);
}

/// The text of an example; behind every run of tokens with another weight than before stands that weight.
std::string weighted(const Example& example) {
  std::string text;
  std::vector<TokenId> run;
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    run.push_back(example.tokens[i]);
    const auto weight = [&](std::size_t at) {
      return example.labels[at] == kIgnoreLabel ? 0 : example.weights.empty() ? 1 : example.weights[at];
    };
    if (i + 1 < example.tokens.size() && weight(i + 1) == weight(i)) continue;
    text += demo_tokenizer().decode(run) + (weight(i) > 0 ? fmt::format("«{}»", weight(i)) : "|");
    run.clear();
  }
  return text;
}

TEST(Weights, of_parts_are_those_of_their_tokens) {
  const std::string row = R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": )"
                          R"([{"text": "half", "weight": 0.5}, {"text": " none", "weight": 0}, {"text": " all"}]}]})";
  EXPECT_EQ(weighted(example_of(row)), "<bos><|turn>user\nq<turn|>\n<|turn>model\n|half«0.5» none| all<turn|>«1»\n|");
}

TEST(Weights, of_turns_hold_for_the_token_that_ends_them_and_multiply_those_of_parts) {
  const std::string row =
      R"({"messages": [{"role": "user", "content": "q", "w": 0.25}, {"role": "assistant", "w": 0.5, "content": )"
      R"([{"text": "half", "weight": 0.5}, {"text": " whole"}]}]})";
  const auto named = [](DataOptions& options) { options.datasets[0].message_field_training = "w"; };
  EXPECT_EQ(weighted(example_of(row, named)),
            "<bos><|turn>user\n|q<turn|>«0.25»\n<|turn>model\n|half«0.25» whole<turn|>«0.5»\n|");
}

TEST(Weights, of_one_are_none) {
  const std::string row = R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": )"
                          R"([{"text": "a", "weight": 1}, {"text": " b", "train": false}]}]})";
  EXPECT_TRUE(example_of(row).weights.empty());
}

TEST(Weights, below_zero_are_refused) {
  const TestFolder folder;
  const std::string row = R"({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": )"
                          R"([{"text": "a", "weight": -1}]}]})";
  const std::string message = message_of<DataError>([&] { prepare_demo(with_row(folder, row)); });
  EXPECT_NE(message.find(":1: 'messages[1].content.weight' is -1, expected true, false or a weight from 0 on"),
            std::string::npos)
      << message;
}

constexpr const char* kThoughts =
    R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": )"
    R"("why b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": )"
    R"("<|channel>thought\nwhy d\n<channel|>d"}]})";

std::function<void(DataOptions&)> thoughts(ThoughtChannel what) {
  return [what](DataOptions& options) { options.thought_channel = what; };
}

TEST(ThoughtChannel, left_out_the_template_drops_the_reasoning_of_plain_answers) {
  EXPECT_EQ(
      weighted(example_of(kThoughts)),
      "<bos><|turn>user\na<turn|>\n<|turn>model\n|b<turn|>«1»\n<|turn>user\nc<turn|>\n<|turn>model\n|d<turn|>«1»\n|");
}

TEST(ThoughtChannel, dropped_reasoning_is_warned_about) {
  const TestFolder folder;
  const auto report = prepare_demo(with_row(folder, kThoughts)).report;
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_NE(report.warnings[0].find("leaves the reasoning of 2 answers out"), std::string::npos) << report.warnings[0];
  EXPECT_TRUE(prepare_demo(with_row(folder, kThoughts, thoughts(ThoughtChannel::strip))).report.warnings.empty());
}

TEST(ThoughtChannel, is_trained_in_front_of_every_answer) {
  EXPECT_EQ(weighted(example_of(kThoughts, thoughts(ThoughtChannel::train))),
            "<bos><|turn>user\na<turn|>\n<|turn>model\n|<|channel>thought\nwhy b\n<channel|>b<turn|>«1»\n<|turn>user\n"
            "c<turn|>\n<|turn>model\n|<|channel>thought\nwhy d\n<channel|>d<turn|>«1»\n|");
}

TEST(ThoughtChannel, is_shown_without_loss) {
  EXPECT_EQ(weighted(example_of(kThoughts, thoughts(ThoughtChannel::mask))),
            "<bos><|turn>user\na<turn|>\n<|turn>model\n<|channel>thought\nwhy b\n<channel|>|b<turn|>«1»\n<|turn>user\n"
            "c<turn|>\n<|turn>model\n<|channel>thought\nwhy d\n<channel|>|d<turn|>«1»\n|");
}

TEST(ThoughtChannel, finds_the_reasoning_by_its_other_names) {
  const std::string row = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", )"
                          R"("reasoning": "why"}]})";
  EXPECT_NE(weighted(example_of(row, thoughts(ThoughtChannel::train))).find("why\n<channel|>b"), std::string::npos);
  const TestFolder folder;
  EXPECT_EQ(prepare_demo(with_row(folder, row)).report.warnings.size(), 1U);
}

TEST(ThoughtChannel, is_stripped) {
  const std::string call = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "", )"
                           R"("reasoning": "hm", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}]})";
  EXPECT_EQ(weighted(example_of(call, thoughts(ThoughtChannel::strip))).find("hm"), std::string::npos);
  EXPECT_NE(weighted(example_of(call)).find("hm"), std::string::npos);
}

TEST(ThoughtChannel, stands_in_front_of_calls_of_tools) {
  const std::string row =
      R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "", "reasoning_content": )"
      R"("look", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {}}}]}, {"role": "tool", )"
      R"("tool_call_id": "c", "content": "4"}, {"role": "assistant", "content": "4.", "reasoning_content": "so"}]})";
  const std::string text = weighted(example_of(row, thoughts(ThoughtChannel::train)));
  const auto look = text.find("<|channel>thought\nlook\n<channel|><|tool_call>");
  EXPECT_NE(look, std::string::npos) << text;
  EXPECT_GT(text.find("<|channel>thought\nso\n<channel|>4."), look) << text;
}

TEST(ThoughtChannel, parts_of_a_thought_have_their_own_loss) {
  const std::string row =
      R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": )"
      R"([{"text": "wrong", "train": false}, {"text": " right", "weight": 0.5}]}]})";
  EXPECT_EQ(weighted(example_of(row, thoughts(ThoughtChannel::mask))),
            "<bos><|turn>user\na<turn|>\n<|turn>model\n<|channel>thought\nwrong right\n<channel|>|b<turn|>«1»\n|");
  EXPECT_EQ(
      weighted(example_of(row, thoughts(ThoughtChannel::train))),
      "<bos><|turn>user\na<turn|>\n<|turn>model\n<|channel>thought\nwrong| right«0.5»\n<channel|>b|<turn|>«1»\n|");
}

}  // namespace
}  // namespace eft
