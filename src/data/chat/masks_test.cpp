#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "data/test_files.h"
#include "data/chat/turn.h"

namespace eft {
namespace {

/// The text of an example with «…» around what bears loss.
std::string marked(const Example& example) {
  std::string text;
  std::vector<TokenId> run;
  bool trained = false;
  const auto flush = [&] {
    const std::string part = demo_tokenizer().decode(run);
    if (!run.empty()) text += trained ? "«" + part + "»" : part;
    run.clear();
  };
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    const bool now = example.labels[i] != kIgnoreLabel;
    if (now != trained) flush();
    trained = now;
    run.push_back(example.tokens[i]);
  }
  flush();
  return text;
}

/// One row as the demo's model would learn it.
std::string marked_row(const std::string& row, const std::function<void(DataOptions&)>& change = {}) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", row), DatasetType::chat_template);
  if (change) change(options);
  return marked(prepare_demo(options).train.at(0));
}

constexpr const char* kTwoTurns = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant",
    "content": " b "}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]})";

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

TEST(Masks, the_token_that_ends_an_answer_bears_loss_without_being_told) {
  EXPECT_EQ(marked_row(one_line(kTwoTurns)),
            "<bos><|turn>user\na<turn|>\n<|turn>model\n«b<turn|>»\n<|turn>user\nc<turn|>\n<|turn>model\n«d<turn|>»\n");
}

TEST(Masks, no_end_bears_loss_when_told_so) {
  const auto none = [](DataOptions& options) { options.datasets[0].train_on_eos = TrainOnEos::none; };
  EXPECT_EQ(marked_row(one_line(kTwoTurns), none),
            "<bos><|turn>user\na<turn|>\n<|turn>model\n«b»<turn|>\n<|turn>user\nc<turn|>\n<|turn>model\n«d»<turn|>\n");
}

TEST(Masks, reasoning_of_its_own_goes_before_that_in_the_content) {
  const std::string row = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant",
      "content": "<think>inside</think>b", "reasoning_content": "beside"}]})";
  const auto split = [](DataOptions& options) {
    options.datasets[0].split_thinking = true;
    options.chat_template = "jinja";
    options.chat_template_jinja =
        "{% for m in messages %}<|turn>{{ m.reasoning_content }}|{{ m.content }}<turn|>{% endfor %}";
  };
  EXPECT_EQ(marked_row(one_line(row), split), "<|turn>|a<turn|><|turn>«beside|b<turn|>»");
}

TEST(Masks, default_system_message_stands_in_front) {
  const auto pirate = [](DataOptions& options) { options.default_system_message = "Arr."; };
  EXPECT_EQ(
      marked_row(R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})", pirate),
      "<bos><|turn>system\nArr.<turn|>\n<|turn>user\na<turn|>\n<|turn>model\n«b<turn|>»\n");
  const std::string own = R"({"messages": [{"role": "system", "content": "Own."}, {"role": "user", "content": "a"}, )"
                          R"({"role": "assistant", "content": "b"}]})";
  EXPECT_EQ(marked_row(own, pirate).find("Arr."), std::string::npos);
}

TEST(Masks, calls_of_tools_bear_loss_and_their_answers_do_not) {
  const std::string row =
      R"({"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": "I look.", "tool_calls": )"
      R"([{"id": "c1", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]}, {"role": "tool", "content": "42", )"
      R"("tool_call_id": "c1"}, {"role": "assistant", "content": "It is 42."}]})";
  EXPECT_EQ(marked_row(row),
            "<bos><|turn>user\ngo<turn|>\n<|turn>model\n«<|tool_call>call:f{x:1}<tool_call|><|tool_response>»response:f"
            "{value:<|\"|>42<|\"|>}<tool_response|>«I look.<turn|>»\n«It is 42.<turn|>»\n");
}

TEST(Masks, answers_of_tools_bear_no_loss_as_a_property_either) {
  const std::string ask = R"({"messages": [{"role": "user", "content": "go"}, {"role": "assistant", )";
  const std::string call = R"("tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}], )";
  const std::string response = R"("tool_responses": [{"name": "f", "response": {"v": 42}}])";
  const std::string printed = "response:f{v:42}<tool_response|>";
  const std::string begin =
      "<bos><|turn>user\ngo<turn|>\n<|turn>model\n«<|tool_call>call:f{x:1}<tool_call|><|tool_response>»";
  EXPECT_EQ(marked_row(ask + R"("content": "Done.", )" + call + response + "}]}"),
            begin + printed + "«Done.<turn|>»\n");
  EXPECT_EQ(marked_row(ask + call + response + R"(}, {"role": "assistant", "content": "Done."}]})"),
            begin + printed + "«Done.<turn|>»\n");
  // A template that prints the content first.
  const auto content_first = [](DataOptions& options) {
    options.chat_template = "jinja";
    options.chat_template_jinja =
        "{% for m in messages %}{{ m.role }}: {{ m.content }}{% for c in m.tool_calls or [] %}[{{ c.function.name "
        "}}]{% "
        "endfor %}{% for r in m.tool_responses or [] %}({{ r.response.v }}){% endfor %}<turn|>{% endfor %}";
  };
  EXPECT_EQ(marked_row(ask + R"("content": "I look.", )" + call + response + "}]}", content_first),
            "user: go<turn|>assistant:« I look.[f]»(42)<turn|>");
}

TEST(Masks, a_template_may_check_the_turns) {
  // Turns alternate among those that call nothing, as the templates of Mistral want it.
  const auto alternating = [](const std::string& condition) {
    return [condition](DataOptions& options) {
      options.chat_template = "jinja";
      options.chat_template_jinja =
          "{% for m in messages | rejectattr('role', 'equalto', 'tool') | " + condition +
          " %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns must alternate') }}{% "
          "endif "
          "%}{% endfor %}{% for m in messages %}{% if m.tool_calls %}CALL {% for c in m.tool_calls %}[{{ "
          "c.function.name }}]{% endfor %}{% else %}{{ m.role }}: {{ m.content }}{% endif %}<turn|>{% endfor %}";
    };
  };
  const std::string row =
      R"({"messages": [{"role": "user", "content": "go"}, {"role": "assistant", "content": "", "tool_calls": )"
      R"([{"function": {"name": "f", "arguments": {}}}]}, {"role": "tool", "content": "42"}, )"
      R"({"role": "assistant", "content": "Done."}]})";
  const std::string expected = "user: go<turn|>«CALL [f]<turn|>»tool: 42<turn|>assistant:« Done.<turn|>»";
  EXPECT_EQ(marked_row(row, alternating("selectattr('tool_calls', 'undefined')")), expected);
  EXPECT_EQ(marked_row(row, alternating("rejectattr('tool_calls')")), expected);
}

TEST(Masks, a_turn_that_no_copy_can_stand_for_is_named) {
  const auto picky = [](DataOptions& options) {
    options.chat_template = "jinja";
    options.chat_template_jinja =
        "{% if messages[1].content != 'b' %}{{ raise_exception('I want b') }}{% endif %}{% for m in messages %}{{ "
        "m.content }}<turn|>{% endfor %}";
  };
  const std::string row =
      R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "n": 1}]})";
  const std::string message = message_of<DataError>([&] { marked_row(row, picky); });
  EXPECT_NE(message.find("the row is rendered, but message 2 cannot be found"), std::string::npos) << message;
}

TEST(Masks, train_on_eot_alone_is_one_setting) {
  const auto told = [](std::optional<TrainOnEos> eos, TrainOnEos eot) {
    return [=](DataOptions& options) {
      options.datasets[0].train_on_eos = eos;
      options.datasets[0].train_on_eot = eot;
      options.chat_template = "jinja";
      options.chat_template_jinja = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}";
    };
  };
  const std::string row = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})";
  EXPECT_EQ(marked_row(row, told(std::nullopt, TrainOnEos::none)), "a<eos>«b»<eos>");
  EXPECT_EQ(marked_row(row, told(std::nullopt, TrainOnEos::all)), "a«<eos>b<eos>»");
  EXPECT_NE(message_of<ConfigError>([&] { marked_row(row, told(TrainOnEos::turn, TrainOnEos::all)); }), "");
}

TEST(Masks, a_row_without_a_trained_role_says_which_it_has) {
  const auto typing_error = [](DataOptions& options) { options.datasets[0].roles_to_train = {"asistant"}; };
  const std::string row = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})";
  const std::string message = message_of<DataError>([&] { marked_row(row, typing_error); });
  EXPECT_NE(message.find("no turn has a role of roles_to_train (asistant); the row has user, assistant"),
            std::string::npos)
      << message;
}

TEST(Masks, an_end_that_is_no_single_token_is_refused) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", one_line(kTwoTurns)), DatasetType::chat_template);
  options.eot_tokens = {"two tokens"};
  EXPECT_NE(message_of<ConfigError>([&] { prepare_demo(options); }).find("eot_tokens: 'two tokens' is"),
            std::string::npos);
}

TEST(Masks, a_template_without_an_end_of_turn_is_warned_about) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", one_line(kTwoTurns)), DatasetType::chat_template);
  options.chat_template = "jinja";
  options.chat_template_jinja = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
  const DemoData data = prepare_demo(options);
  ASSERT_EQ(data.report.warnings.size(), 2U);
  EXPECT_NE(data.report.warnings[0].find("does not begin with <bos>"), std::string::npos);
  EXPECT_NE(data.report.warnings[1].find("does not learn to stop"), std::string::npos);
}

TEST(Masks, differences_are_whole_characters) {
  // é and è share their first byte, é and ũ their last.
  ByteSpan span = difference("aéb", "aèb");
  EXPECT_EQ(span.begin, 1U);
  EXPECT_EQ(span.end, 3U);
  span = difference("a\xC3\xA9z", "a\xC5\xA9z");
  EXPECT_EQ(span.begin, 1U);
  EXPECT_EQ(span.end, 3U);
  span = difference("xx", "xxx");
  EXPECT_EQ(span.end, span.begin);
}

}  // namespace
}  // namespace eft
