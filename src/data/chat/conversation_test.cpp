#include "data/chat/conversation.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/test_files.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

struct Converted {
  Conversation conversation;
  RowFindings findings;
};

Converted convert(const std::string& row, const DatasetOptions& dataset = {}) {
  Converted out;
  const ConversationOptions options{dataset, role_names(dataset), std::nullopt, std::nullopt};
  out.conversation = to_conversation(parse_row({row, "rows.jsonl:1"}), options, "rows.jsonl:1", out.findings);
  return out;
}

std::string fault(const std::string& row, const DatasetOptions& dataset = {}) {
  return message_of<DataError>([&] { convert(row, dataset); });
}

std::string with_answer(const std::string& answer) {
  return R"({"messages": [{"role": "user", "content": "Tide?"}, {"role": "assistant", )" + answer + "}]}";
}

Json answer_of(const Converted& converted) { return converted.conversation.messages[1]; }

TEST(Conversation, knows_model_as_a_name_of_the_assistant) {
  const std::string row = R"({"messages": [{"role": "user", "content": "a"}, {"role": "model", "content": "b"}]})";
  EXPECT_EQ(answer_of(convert(row))["role"], "assistant");
  DatasetOptions dataset;
  dataset.roles.text = R"({"assistant": ["bot"]})";
  EXPECT_EQ(answer_of(convert(row, dataset))["role"], "assistant");
  dataset.roles.text = R"({"model": ["bot"]})";
  EXPECT_EQ(answer_of(convert(row, dataset))["role"], "model");
  dataset.roles.text = "{}";
  dataset.roles_to_train = {"model"};
  EXPECT_EQ(answer_of(convert(row, dataset))["role"], "model");
}

TEST(Conversation, refuses_a_message_that_says_nothing) {
  EXPECT_EQ(
      fault(R"({"messages": [{"role": "user", "text": "a"}]})"),
      "rows.jsonl:1: 'messages[0]' has no content (field 'content'), it has role, text; set message_property_mappings");
  EXPECT_NE(fault(with_answer(R"("content": null)")).find("'messages[1]' has no content"), std::string::npos);
  EXPECT_NE(fault(with_answer(R"("tool_calls": [])")).find("'messages[1]' has no content"), std::string::npos);
  DatasetOptions dataset;
  dataset.message_property_mappings.entries = {{"content", "value"}};
  EXPECT_NE(fault(with_answer(R"("text": "a")"), dataset).find("(field 'value')"), std::string::npos);
}

TEST(Conversation, takes_messages_that_say_something_else_than_text) {
  for (const char* answer : {R"("content": "")", R"("tool_calls": [{"function": {"name": "f"}}])",
                             R"("reasoning_content": "hm")", R"("tool_responses": [{"name": "f", "response": 1}])"}) {
    EXPECT_EQ(fault(with_answer(answer)), "") << answer;
  }
}

TEST(Conversation, keeps_nulls_that_stand_in_strings_of_json) {
  const auto arguments = [](const Converted& converted) {
    return answer_of(converted)["tool_calls"][0]["function"]["arguments"].dump();
  };
  EXPECT_EQ(arguments(convert(with_answer(
                R"("tool_calls": [{"function": {"name": "f", "arguments": "{\"a\": null, \"b\": {\"c\": null}}"}}])"))),
            R"({"a":null,"b":{"c":null}})");
  EXPECT_EQ(arguments(convert(
                with_answer(R"("tool_calls": [{"function": {"name": "f", "arguments": {"a": null, "b": 1}}}])"))),
            R"({"b":1})");
  const std::string messages =
      R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": null, "tool_calls": )"
      R"([{"function": {"name": "f", "arguments": {"a": null}}}]}])";
  const Converted inside = convert(Json{{"messages", messages}}.dump());
  EXPECT_EQ(arguments(inside), R"({"a":null})");
  EXPECT_FALSE(answer_of(inside).contains("content"));
  const std::string tools = R"([{"function": {"name": "f", "parameters": {"default": null}}}])";
  const Json row{{"messages", Json::parse(R"([{"role": "user", "content": "a"}])")}, {"tools", tools}};
  EXPECT_EQ(convert(row.dump()).conversation.tools[0]["function"]["parameters"].dump(), R"({"default":null})");
}

TEST(Conversation, bounds_the_depth_of_json_in_strings) {
  std::string deep(300, '[');
  deep += std::string(300, ']');
  EXPECT_NE(fault(with_answer(R"("tool_calls": [{"function": {"name": "f", "arguments": ")" + deep + R"("}}])"))
                .find("nested deeper than 200 levels"),
            std::string::npos);
}

TEST(Conversation, keeps_what_stands_in_front_of_a_thought) {
  DatasetOptions dataset;
  dataset.split_thinking = true;
  Converted out = convert(with_answer(R"("content": "Let me count. <think>eight</think> Eight.")"), dataset);
  EXPECT_EQ(answer_of(out)["content"], "Let me count. Eight.");
  EXPECT_EQ(answer_of(out)["reasoning_content"], "eight");
  EXPECT_TRUE(out.findings.empty());
  out = convert(with_answer(R"("content": "\n<reasoning>x</reasoning>\ny")"), dataset);
  EXPECT_EQ(answer_of(out)["content"], "y");
}

TEST(Conversation, tells_of_thinking_tags_that_stay) {
  DatasetOptions dataset;
  dataset.split_thinking = true;
  for (const char* content :
       {"<think>\\nnever closed", "closed only</think> a", "<think>a</think>b<think>c</think>d"}) {
    const Converted out = convert(with_answer(std::string(R"("content": ")") + content + "\""), dataset);
    ASSERT_EQ(out.findings.size(), 1U) << content;
    EXPECT_EQ(out.findings[0].kind, Finding::thinking_tags);
  }
}

TEST(Conversation, finds_media_in_messages) {
  const Converted out = convert(
      R"({"messages": [{"role": "user", "content": "a", "images": ["a.png"]}, {"role": "assistant", "content": "b"}]})");
  ASSERT_EQ(out.findings.size(), 1U);
  EXPECT_EQ(out.findings[0].kind, Finding::images);
}

}  // namespace
}  // namespace eft
