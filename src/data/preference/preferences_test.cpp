#include "data/preference/preference_text.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "data/golden_files.h"
#include "data/test_files.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// What Axolotl and TRL make of the same YAML and rows, written by tools/golden/axolotl_labels.py.
const fs::path kCases = "tests/golden/data/preferences/runs";

/// Where Axolotl fails or differs through a fault of its own; see docs/data.md.
const std::map<std::string, std::string> kDifferent = {
    {"dpo_named", "message_property_mappings is lost with rl"},
    {"dpo_unknown_role", "the same"},
    {"dpo_own_template", "the template of a dataset is lost with rl"},
    {"dpo_thinking", "chat_template_kwargs is not used with rl"},
    {"orpo_gemma4", "the empty thought behind a prompt of Gemma 4 eats the answers"}};

/// The rows that are prepared to train on.
struct Prepared {
  std::vector<Preference> train;
  DataReport report;
};

Prepared prepare(const DataOptions& options, const fs::path& model = kDemoModel) {
  const PreparedData data = prepare_data(options, model, demo_tokenizer(), 1);
  Prepared prepared{{}, data.report};
  for (std::size_t i = 0; i < data.train.size(); ++i) prepared.train.push_back(preference_of(data.train, i));
  return prepared;
}

/// Theirs is cut to sequence_len later, when a batch is made.
std::vector<TokenId> cut(std::vector<TokenId> ids, std::size_t prompt, std::int64_t sequence_len) {
  const auto room = static_cast<std::size_t>(sequence_len) - prompt;
  if (ids.size() > room) ids.resize(room);
  return ids;
}

void compare(const Preference& ours, const nlohmann::json& theirs, std::int64_t sequence_len) {
  const auto names =
      ours.label ? std::vector<std::string>{"completion"} : std::vector<std::string>{"chosen", "rejected"};
  EXPECT_EQ(ours.prompt, theirs["prompt"]) << ours.source;
  EXPECT_EQ(ours.prompt_tokens, theirs["prompt_ids"].get<std::vector<TokenId>>()) << ours.source;
  EXPECT_EQ(ours.label, theirs.contains("label") ? std::optional(theirs["label"].get<bool>()) : std::nullopt);
  ASSERT_EQ(ours.answers.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(ours.answers[i].text, theirs[names[i]]) << ours.source;
    if (theirs.contains("mismatch")) continue;  // TRL cuts inside a token that prompt and answer share
    EXPECT_EQ(ours.answers[i].tokens, cut(theirs[names[i] + "_ids"], ours.prompt_tokens.size(), sequence_len))
        << ours.source;
  }
}

TEST(Preferences, are_those_of_Axolotl) {
  const auto cases = cases_in(kCases);
  EXPECT_GE(cases.size(), 35U);
  const fs::path before = fs::current_path();
  for (const fs::path& yaml : cases) {
    SCOPED_TRACE(yaml.stem().string());
    const fs::path expected = fs::absolute(yaml).replace_extension(".jsonl");
    const DataOptions options = read_case(yaml);
    const InFolder folder(yaml.parent_path());
    const auto run = [&] { return prepare(options, before / kDemoModel); };
    if (kDifferent.contains(yaml.stem().string())) {
      run();
      continue;
    }
    if (!fs::exists(expected)) {
      EXPECT_NE(message_of<Error>(run), "");
      continue;
    }
    const auto theirs = json_lines(expected);
    const auto ours = run().train;
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) compare(ours[i], theirs[i], options.sequence_len);
  }
}

DataOptions one(const TestFolder& folder, const std::string& rows, DatasetType type, Objective rl) {
  DataOptions options = one_dataset(folder.write("rows.jsonl", rows), type);
  options.rl = rl;
  return options;
}

TEST(Preferences, an_answer_that_also_stands_in_the_question_is_found) {
  const TestFolder folder;
  const DataOptions options = one(folder, R"({"messages": "q", "chosen": " user ", "rejected": "e"})",
                                  DatasetType::chat_template, Objective::dpo);
  const Preference row = prepare(options).train.at(0);
  EXPECT_EQ(row.answers[0].text, "user<turn|>");
  EXPECT_EQ(row.answers[1].text, "e<turn|>");
}

TEST(Preferences, orpo_keeps_answers_behind_an_empty_thought) {
  const TestFolder folder;
  const std::string rows =
      R"({"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}], )"
      R"("rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad"}]})";
  const Preference row = prepare(one(folder, rows, DatasetType::chat_template_argilla, Objective::orpo)).train.at(0);
  EXPECT_EQ(row.prompt, "<bos><|turn>user\nq<turn|>\n<|turn>model\n<|channel>thought\n<channel|>");
  EXPECT_EQ(row.answers[0].text, "good<turn|>\n");
  EXPECT_EQ(row.answers[1].text, "bad<turn|>\n");
}

TEST(Preferences, the_dump_has_the_columns_of_Axolotl) {
  const TestFolder folder;
  const std::string rows = R"({"question": "q", "completion": "c", "label": false})";
  const Preference row = prepare(one(folder, rows, DatasetType::chatml_intel, Objective::kto)).train.at(0);
  const auto dumped = nlohmann::ordered_json::parse(dump_preference(row));
  std::vector<std::string> keys;
  for (const auto& [key, value] : dumped.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"prompt", "completion", "label", "prompt_ids", "completion_ids", "source",
                                            "row"}));
  EXPECT_EQ(dumped["row"], 1);
  EXPECT_NE(show_preference(row).find("[bad] «c<|im_end|>»"), std::string::npos);
}

TEST(Preferences, are_kept_shuffled_split_and_told_apart_as_other_rows) {
  const TestFolder folder;
  std::string rows;
  for (int i = 0; i < 12; ++i) {
    rows += R"({"prompt": "q)" + std::to_string(i % 10) + R"(", "chosen": "a", "rejected": "b"})" + "\n";
  }
  DataOptions options = one(folder, rows, DatasetType::passthrough, Objective::dpo);
  options.dataset_prepared_path = folder.path() / "prepared";
  options.dataset_exact_deduplication = true;
  options.val_set_size = 2;
  options.shuffle_merged_datasets = true;
  const auto prepared = [&] { return prepare_data(options, kDemoModel, demo_tokenizer(), 1); };
  const PreparedData first = prepared(), again = prepared();
  EXPECT_TRUE(first.report.prepared.starts_with("cache miss"));
  EXPECT_TRUE(again.report.prepared.starts_with("cache hit"));
  EXPECT_EQ(again.report.duplicates, 2);
  ASSERT_EQ(again.train.size(), 8U);
  ASSERT_EQ(again.eval.size(), 2U);
  std::set<std::string> prompts;
  for (std::size_t i = 0; i < again.train.size(); ++i) {
    EXPECT_EQ(dump_preference(preference_of(again.train, i)), dump_preference(preference_of(first.train, i)));
    prompts.insert(preference_of(again.train, i).prompt);
  }
  EXPECT_EQ(prompts.size(), 8U);
}

TEST(Preferences, rows_that_leave_no_room_for_an_answer_go) {
  const TestFolder folder;
  const std::string rows =
      "{\"prompt\": \"q\", \"chosen\": \"a\", \"rejected\": \"b\"}\n"
      "{\"prompt\": \"q q q q q\", \"chosen\": \"a\", \"rejected\": \"b\"}\n";
  DataOptions options = one(folder, rows, DatasetType::passthrough, Objective::dpo);
  options.sequence_len = 6;
  const Prepared data = prepare(options);
  ASSERT_EQ(data.train.size(), 1U);
  const DatasetCounts& counts = data.report.datasets.at(0);
  EXPECT_EQ(counts.no_labels.count + counts.too_long.count, 1);
}

TEST(Preferences, bad_rows_are_named_or_dropped) {
  const TestFolder folder;
  const std::string rows =
      "{\"prompt\": \"q\", \"chosen\": \"a\", \"rejected\": \"b\"}\n{\"prompt\": \"q\", \"chosen\": \"a\"}\n";
  DataOptions options = one(folder, rows, DatasetType::passthrough, Objective::dpo);
  EXPECT_NE(message_of<DataError>([&] { prepare(options); }).find(":2: no field 'rejected'"), std::string::npos);
  options.on_bad_row = BadRow::drop;
  const Prepared data = prepare(options);
  EXPECT_EQ(data.train.size(), 1U);
  EXPECT_EQ(data.report.datasets[0].bad.count, 1);
}

TEST(Preferences, types_must_suit_the_objective) {
  const TestFolder folder;
  const auto message = [&](DatasetType type, Objective rl) {
    return message_of<ConfigError>([&] { prepare(one(folder, "{}", type, rl)); });
  };
  EXPECT_NE(message(DatasetType::chat_template, Objective::kto).find("no rows for rl: kto"), std::string::npos);
  EXPECT_NE(message(DatasetType::alpaca, Objective::dpo).find("no rows of preferences"), std::string::npos);
  EXPECT_NE(message(DatasetType::chatml_intel, Objective::orpo).find("use chat_template.argilla"), std::string::npos);
}

}  // namespace
}  // namespace eft
