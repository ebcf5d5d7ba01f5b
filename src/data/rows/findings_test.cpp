#include <gtest/gtest.h>

#include "base/error.h"
#include "data/test_files.h"

namespace eft {
namespace {

constexpr const char* kTools = R"([{"type": "function", "function": {"name": "ferry", "description": "Ferries",
    "parameters": {"type": "object", "properties": {"port": {"type": "string"}}}}}])";

constexpr const char* kTurns = "{% for m in messages %}<|turn>{{ m.role }}\n{{ m.content }}<turn|>{% endfor %}";

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

std::string conversation(const std::string& answer, const std::string& more = "") {
  return one_line(R"({"messages": [{"role": "user", "content": "Tide?"}, {"role": "assistant", )" + answer + "}]" +
                  more + "}") +
         "\n";
}

/// Rows rendered by a template that prints roles and contents only.
DataOptions plain_template(const TestFolder& folder, const std::string& rows, const std::string& jinja = kTurns) {
  DataOptions options = one_dataset(folder.write("rows.jsonl", rows), DatasetType::chat_template);
  options.chat_template = "jinja";
  options.chat_template_jinja = "{{ bos_token }}" + jinja;
  return options;
}

/// What is said about rows.
std::string warning(const DataOptions& options) {
  std::string all;
  for (const std::string& one : prepare_demo(options).report.warnings) all += one + "\n";
  return all;
}

TEST(Findings, tools_and_calls_that_the_template_leaves_out_are_counted) {
  const TestFolder folder;
  const std::string call =
      R"("content": "I look.", "tool_calls": [{"function": {"name": "tide", "arguments": {"port": "Oban"}}}])";
  const std::string rows = conversation(R"("content": "Low.")", std::string(R"(, "tools": )") + kTools) +
                           conversation(call) + conversation(call);
  DataOptions options = plain_template(folder, rows);
  const auto warnings = prepare_demo(options).report.warnings;
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_NE(warnings[0].find("leaves the tools of 1 row out"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[0].find("rows.jsonl:1)"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("leaves the tool_calls of 2 answers out"), std::string::npos) << warnings[1];
  EXPECT_NE(warnings[1].find("rows.jsonl:2)"), std::string::npos) << warnings[1];
  options.allow_in_rows = {Finding::tools, Finding::tool_calls};
  const DemoData allowed = prepare_demo(options);
  EXPECT_TRUE(allowed.report.warnings.empty());
  EXPECT_EQ(allowed.report.datasets[0].findings.size(), 2U);
  options.chat_template = "gemma4";
  options.allow_in_rows.clear();
  EXPECT_TRUE(prepare_demo(options).report.warnings.empty());
}

TEST(Findings, one_call_of_several_may_be_lost) {
  const TestFolder folder;
  const std::string calls =
      R"("content": "I look.", "tool_calls": [{"function": {"name": "tide", "arguments": {"n": 1}}},
      {"function": {"name": "ferry", "arguments": {"n": 2}}}])";
  const std::string first =
      "{% for m in messages %}{{ m.content }}{{ m.tool_calls[0].function if m.tool_calls }}<turn|>{% endfor %}";
  EXPECT_NE(warning(plain_template(folder, conversation(calls), first)).find("the tool_calls of 1 answer out"),
            std::string::npos);
  const std::string names =
      "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name }}{% endfor "
      "%}<turn|>{% endfor %}";
  EXPECT_NE(warning(plain_template(folder, conversation(calls), names)).find("the tool_calls of 1 answer out"),
            std::string::npos);
}

TEST(Findings, an_answer_of_a_lost_call_alone_is_a_bad_row) {
  const TestFolder folder;
  for (const char* content : {R"("content": "",)", ""}) {
    const std::string row = conversation(
        std::string(content) + R"("tool_calls": [{"function": {"name": "tide", "arguments": "{\"port\": 1}"}}])");
    const std::string template_of_contents =
        "{% for m in messages %}{{ m.role }}: {{ m.content or '' }}<turn|>{% endfor %}";
    DataOptions options = plain_template(folder, row, template_of_contents);
    const std::string message = message_of<DataError>([&] { prepare_demo(options); });
    EXPECT_NE(message.find("rows.jsonl:1: message 2 has nothing but tool_calls"), std::string::npos) << message;
    options.allow_in_rows = {Finding::tool_calls};
    EXPECT_NE(message_of<DataError>([&] { prepare_demo(options); }).find("no token bears loss"), std::string::npos);
  }
}

TEST(Findings, turns_and_responses_that_the_template_leaves_out_are_counted) {
  const TestFolder folder;
  const std::string rows = one_line(R"({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user",
      "content": "Tide?"}, {"role": "assistant", "content": "Low."}]})");
  const std::string no_system =
      "{% for m in messages if m.role != 'system' %}{{ m.role }} {{ m.content | upper }}<turn|>{% endfor %}";
  EXPECT_NE(warning(plain_template(folder, rows, no_system)).find("the content of 1 message out"), std::string::npos);
  const std::string response = R"("content": "Low.", "tool_responses": [{"name": "tide", "response": {"level": 3}}])";
  EXPECT_NE(warning(plain_template(folder, conversation(response))).find("the tool_responses of 1 answer out"),
            std::string::npos);
}

TEST(Findings, reasoning_inside_of_contents_counts_too) {
  const TestFolder folder;
  const std::string row = conversation(R"("content": "<|channel>thought\nlow water<channel|>Low.")");
  DataOptions options = one_dataset(folder.write("rows.jsonl", row), DatasetType::chat_template);
  EXPECT_NE(warning(options).find("the reasoning of 1 answer out"), std::string::npos);
  options.allow_in_rows = {Finding::reasoning};
  EXPECT_TRUE(prepare_demo(options).report.warnings.empty());
}

TEST(Findings, columns_of_media_are_refused_with_their_number) {
  const TestFolder folder;
  const std::string none = conversation(R"("content": "Low.")", R"(, "images": [], "audio": null, "video": "")");
  const std::string picture = conversation(R"("content": "A cat.")", R"(, "images": ["cat.png"])");
  const std::string sound = R"({"text": "A bird.", "audio": {"path": "bird.wav"}})";
  DataOptions options = one_dataset(folder.write("rows.jsonl", none + picture + picture), DatasetType::chat_template);
  const std::string message = message_of<DataError>([&] { prepare_demo(options); });
  EXPECT_NE(message.find("2 rows have something in the column 'images'"), std::string::npos) << message;
  EXPECT_NE(message.find("rows.jsonl:2)"), std::string::npos) << message;
  options.on_bad_row = BadRow::drop;
  const DemoData dropped = prepare_demo(options);
  EXPECT_EQ(dropped.train.size(), 1U);
  EXPECT_EQ(dropped.report.datasets[0].bad.count, 2);
  options.on_bad_row = BadRow::raise;
  options.allow_in_rows = {Finding::images};
  EXPECT_EQ(prepare_demo(options).train.size(), 3U);
  options = one_dataset(folder.write("sound.jsonl", sound), DatasetType::completion);
  EXPECT_NE(message_of<DataError>([&] { prepare_demo(options); }).find("1 row has something in the column 'audio'"),
            std::string::npos);
}

TEST(Findings, a_missing_or_doubled_bos_is_told) {
  const TestFolder folder;
  const std::string row = conversation(R"("content": "Low.")");
  DataOptions options = plain_template(folder, row);
  options.chat_template_jinja = std::string(kTurns);
  EXPECT_NE(warning(options).find("1 row does not begin with <bos>"), std::string::npos);
  options.chat_template_jinja = "<bos>{{ bos_token }}" + std::string(kTurns);
  EXPECT_NE(warning(options).find("1 row begins with <bos> twice"), std::string::npos);
  options.allow_in_rows = {Finding::doubled_bos};
  EXPECT_TRUE(prepare_demo(options).report.warnings.empty());
}

TEST(Findings, a_text_that_begins_with_bos_gets_no_other) {
  const TestFolder folder;
  const auto begins = [&](const std::string& row, DatasetType type) {
    const Example example = prepare_demo(one_dataset(folder.write("rows.jsonl", row), type)).train.at(0);
    return demo_tokenizer().decode(std::vector<TokenId>(example.tokens.begin(), example.tokens.begin() + 2));
  };
  EXPECT_NE(begins(R"({"text": "<bos><|turn>user"})", DatasetType::completion), "<bos><bos>");
  EXPECT_NE(begins(R"({"text": "a cat"})", DatasetType::completion), "<bos><bos>");
  UserFormat format;
  format.no_input_format = "<bos>{instruction}";
  DataOptions options =
      one_dataset(folder.write("rows.jsonl", R"({"instruction": "a", "output": "<bos>b"})"), DatasetType::user_defined);
  options.datasets[0].type.fields = format;
  const Example example = prepare_demo(options).train.at(0);
  const TokenId bos = *demo_tokenizer().id_of("<bos>");
  EXPECT_EQ(std::count(example.tokens.begin(), example.tokens.end(), bos), 1);
}

TEST(Findings, a_token_beyond_the_model_makes_a_bad_row) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", "{\"text\": \"a\"}\n{\"text\": \"zebra quartz\"}\n"),
                                    DatasetType::completion);
  const std::vector<Example> all = prepare_demo(options).train;
  const std::int64_t vocabulary = 1 + *std::max_element(all.at(0).tokens.begin(), all.at(0).tokens.end());
  const auto prepare = [&] { return prepare_data(options, kDemoModel, demo_tokenizer(), 1, vocabulary); };
  const std::string message = message_of<DataError>(prepare);
  EXPECT_NE(message.find("rows.jsonl:2: token "), std::string::npos) << message;
  EXPECT_NE(message.find("') is outside the model's vocabulary of"), std::string::npos) << message;
  options.on_bad_row = BadRow::drop;
  EXPECT_EQ(prepare().train.size(), 1U);
}

}  // namespace
}  // namespace eft
