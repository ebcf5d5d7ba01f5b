#include "data/dataset.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "data/test_files.h"

namespace eft {
namespace {

std::string texts(int count) {
  std::string rows;
  for (int i = 0; i < count; ++i) rows += R"({"text": "story )" + std::to_string(i) + "\"}\n";
  return rows;
}

std::vector<std::string> sources(const std::vector<Example>& examples) {
  std::vector<std::string> all;
  for (const Example& example : examples) all.push_back(example.source.substr(example.source.rfind(':') + 1));
  return all;
}

TEST(Dataset, shuffles_by_seed_and_splits_off_the_last_rows) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", texts(20)), DatasetType::completion);
  options.val_set_size = 0.21;  // 4.2 rows, rounded up
  const auto in_order = prepare_demo(options);
  EXPECT_EQ(sources(in_order.eval), (std::vector<std::string>{"16", "17", "18", "19", "20"}));
  options.val_set_size = 3;
  EXPECT_EQ(prepare_demo(options).eval.size(), 3U);

  options.shuffle_merged_datasets = true;
  const auto one = prepare_demo(options, 1);
  EXPECT_EQ(sources(one.train), sources(prepare_demo(options, 1).train));
  EXPECT_NE(sources(one.train), sources(prepare_demo(options, 2).train));
  auto all = sources(one.train);
  const auto eval = sources(one.eval);
  all.insert(all.end(), eval.begin(), eval.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), 20U);
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());

  options.curriculum_sampling = true;
  EXPECT_EQ(sources(prepare_demo(options).eval), (std::vector<std::string>{"18", "19", "20"}));
  options.val_set_size = 20;
  EXPECT_NE(message_of<DataError>([&] { prepare_demo(options); }).find("leave one to train on"), std::string::npos);
}

TEST(Dataset, test_datasets_are_for_evaluation) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", texts(3)), DatasetType::completion);
  options.test_datasets = options.datasets;
  options.test_datasets[0].path = folder.write("held.jsonl", texts(2));
  const DemoData data = prepare_demo(options);
  EXPECT_EQ(data.train.size(), 3U);
  EXPECT_EQ(data.eval.size(), 2U);
  ASSERT_EQ(data.report.datasets.size(), 2U);
  EXPECT_TRUE(data.report.datasets[1].for_evaluation);
  EXPECT_EQ(data.report.lines().back(), "3 examples to train on, 2 to evaluate on");
}

TEST(Dataset, counts_what_it_drops) {
  const TestFolder folder;
  const std::string path = folder.write("rows.jsonl", R"({"text": "one two three four five six seven eight nine ten"})"
                                                      "\n"
                                                      R"({"text": ""})"
                                                      "\n"
                                                      R"({"text": "fine fine fine"})"
                                                      "\n"
                                                      R"({"text": "a"})"
                                                      "\n");
  DataOptions options = one_dataset(path, DatasetType::completion);
  options.sequence_len = 8;
  options.min_sample_len = 5;
  const DemoData data = prepare_demo(options);
  const DatasetCounts& counts = data.report.datasets[0];
  EXPECT_EQ(counts.rows, 4);
  EXPECT_EQ(counts.examples, static_cast<std::int64_t>(data.train.size()));
  EXPECT_EQ(counts.empty.count, 1);
  EXPECT_GT(counts.too_short.count, 0);
  EXPECT_NE(data.report.lines()[0].find("too short"), std::string::npos) << data.report.lines()[0];
}

TEST(Dataset, duplicates_are_dropped_when_asked) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", texts(3) + texts(4)), DatasetType::completion);
  EXPECT_EQ(prepare_demo(options).train.size(), 7U);
  options.dataset_exact_deduplication = true;
  const DemoData data = prepare_demo(options);
  EXPECT_EQ(sources(data.train), (std::vector<std::string>{"1", "2", "3", "7"}));
  EXPECT_EQ(data.report.duplicates, 3);
}

TEST(Dataset, each_dataset_can_be_shuffled_before_merging) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", texts(30)), DatasetType::completion);
  options.datasets.push_back(options.datasets[0]);
  options.shuffle_before_merging_datasets = true;
  const auto all = sources(prepare_demo(options).train);
  std::vector<std::string> half(all.begin(), all.begin() + 30);
  EXPECT_NE(half, sources(prepare_demo(one_dataset(options.datasets[0].path, DatasetType::completion)).train));
  std::sort(half.begin(), half.end());
  EXPECT_EQ(std::unique(half.begin(), half.end()), half.end());
}

TEST(Dataset, tokenised_rows_are_taken_as_they_are) {
  const TestFolder folder;
  const std::string path = folder.write(
      "rows.jsonl", R"({"input_ids": [2, 5, 6, 0], "attention_mask": [1, 1, 1, 0], "labels": [-100, 5, 7, -100]})");
  const auto data = prepare_demo(one_dataset(path, DatasetType::chat_template));
  EXPECT_EQ(data.train.at(0).tokens, (std::vector<std::int32_t>{2, 5, 6}));
  EXPECT_EQ(data.train.at(0).labels, (std::vector<std::int32_t>{-100, 5, 7}));
  for (const char* row : {R"({"input_ids": [2, 99999], "labels": [2, 5]})", R"({"input_ids": [2], "labels": [2, 5]})",
                          R"({"input_ids": "x", "labels": [2, 5]})", R"({"input_ids": [-100, 3], "labels": [2, 5]})"}) {
    const auto options = one_dataset(folder.write("bad.jsonl", row), DatasetType::chat_template);
    EXPECT_NE(message_of<DataError>([&] { prepare_demo(options); }), "") << row;
  }
}

TEST(Dataset, names_the_row_that_cannot_be_used) {
  const TestFolder folder;
  const auto message = [&](const std::string& rows, DatasetType type = DatasetType::chat_template) {
    const std::string path = folder.write("rows.jsonl", rows);
    const std::string text = message_of<DataError>([&] { prepare_demo(one_dataset(path, type)); });
    return text.starts_with(path) ? text.substr(path.size()) : "not about the file: " + text;
  };
  const std::string good = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})";
  EXPECT_EQ(message(""), ": the dataset is empty, expected at least one row");
  EXPECT_EQ(message(good + "\n{\"messages\": [\n").find(":2: not valid JSON, column "), 0U);
  EXPECT_EQ(message(R"({"text": 1e999})"), ":1: not valid JSON, a number is out of range");
  EXPECT_EQ(message("{\"a\": " + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}"),
            ":1: not a row, nested deeper than 200 levels at line 1, column 206");
  const std::string deep = "\"" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "\"";
  EXPECT_EQ(
      message("{\"messages\": " + deep + "}"),
      ":1: field 'messages' is a string that is not valid JSON: nested deeper than 200 levels at line 1, column 201");
  EXPECT_EQ(message("[1]"), ":1: the row is number, expected an object");
  EXPECT_EQ(message(good + "\n\n{\"text\": \"x\"}\n"),
            ":3: no field 'messages', expected a list of messages; the row has text; set field_messages");
  EXPECT_EQ(message(R"({"messages": 5})"), ":1: field 'messages' is number, expected a list of messages");
  EXPECT_EQ(message(R"({"messages": []})"), ":1: field 'messages' is an empty list, expected messages");
  EXPECT_TRUE(
      message(R"({"messages": "[{"})").starts_with(":1: field 'messages' is a string that is not valid JSON: "));
  EXPECT_EQ(message(R"({"messages": [{"role": "asistant", "content": "b"}]})"),
            ":1: 'messages[0]' has the unknown role 'asistant', expected system, developer, user, assistant, model or "
            "tool; set roles");
  EXPECT_EQ(message(R"({"messages": [{"from": "human", "value": "b"}]})"),
            ":1: 'messages[0]' has no role (field 'role'), it has from, value; set message_property_mappings");
  EXPECT_EQ(message(R"({"messages": [{"role": "user", "content": [{"type": "image", "url": "x"}]}]})")
                .find(":1: a part of 'messages[0].content' has no text (type \"image\")"),
            0U);
  EXPECT_EQ(message(R"({"instruction": "a"})", DatasetType::alpaca),
            ":1: no field 'output', expected a string; the row has instruction");
  EXPECT_EQ(message(R"({"text": 5})", DatasetType::completion), ":1: field 'text' is number, expected a string");
  EXPECT_EQ(message(R"({"text": null})", DatasetType::completion),
            ":1: no field 'text', expected a string; the row has no fields");
}

TEST(Dataset, a_template_that_raises_names_the_row) {
  const TestFolder folder;
  const std::string row = R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]})";
  const std::string path =
      folder.write("rows.jsonl", row + "\n" + R"({"messages": [{"role": "assistant", "content": "b"}]})" + "\n");
  DataOptions options = one_dataset(path, DatasetType::chat_template);
  options.chat_template = "jinja";
  options.chat_template_jinja =
      "{% if messages[0].role != 'user' %}{{ raise_exception('a user begins') }}{% endif %}{{ messages[1].content }}";
  const std::string message = message_of<DataError>([&] { prepare_demo(options); });
  EXPECT_EQ(message.find(path + ":2: "), 0U) << message;
  EXPECT_NE(message.find("a user begins"), std::string::npos) << message;
}

TEST(Dataset, rows_that_all_fall_out_are_an_error) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", R"({"messages": [{"role": "user", "content": "a"}]})"),
                                    DatasetType::chat_template);
  EXPECT_NE(message_of<DataError>([&] {
              prepare_demo(options);
            }).find("1 without a token that bears loss, 0 without text; one of them is "),
            std::string::npos);
}

TEST(Dataset, rows_that_are_tokenised_need_no_type) {
  const TestFolder folder;
  const std::string row = R"({"input_ids": [2, 105, 6], "labels": [-100, 105, 6], "score": NaN})";
  DataOptions options = one_dataset(folder.write("rows.jsonl", row), DatasetType::untyped);
  const std::vector<Example> train = prepare_demo(options).train;
  ASSERT_EQ(train.size(), 1U);
  EXPECT_EQ(train[0].tokens, (std::vector<TokenId>{2, 105, 6}));
  EXPECT_EQ(train[0].labels, (std::vector<TokenId>{-100, 105, 6}));
}

TEST(Dataset, rows_without_a_type_suggest_one) {
  const TestFolder folder;
  const auto advice = [&](const std::string& row) {
    return message_of<ConfigError>(
        [&] { prepare_demo(one_dataset(folder.write("rows.jsonl", row), DatasetType::untyped)); });
  };
  EXPECT_NE(advice(R"({"messages": []})").find("has messages; set type: chat_template"), std::string::npos);
  EXPECT_NE(advice(R"({"instruction": "a", "output": "b"})").find("set type: alpaca"), std::string::npos);
  EXPECT_NE(advice(R"({"text": "a"})").find("set type: completion"), std::string::npos);
  EXPECT_NE(advice(R"({"input_ids": [1]})").find("labels beside input_ids"), std::string::npos);
  EXPECT_NE(advice(R"({"other": 1})").find("set one of chat_template"), std::string::npos);
}

}  // namespace
}  // namespace eft
