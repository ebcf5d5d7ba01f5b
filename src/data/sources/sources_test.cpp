#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/sources/files/folder_splits.h"
#include "data/sources/files/glob.h"
#include "data/sources/source.h"
#include "data/batches/split.h"
#include "data/test_files.h"

namespace eft {
namespace {

DatasetOptions dataset(const std::string& path, std::optional<std::string> split = std::nullopt) {
  DatasetOptions options;
  options.path = path;
  options.split = std::move(split);
  return options;
}

/// The text of each row.
std::vector<std::string> rows_of(const DatasetOptions& options, bool for_evaluation = false) {
  RowSource source(options, for_evaluation);
  std::vector<std::string> rows;
  while (auto row = source.next()) rows.push_back(row->text);
  return rows;
}

std::vector<std::string> numbers(int begin, int end) {
  std::vector<std::string> rows;
  for (int i = begin; i < end; ++i) rows.push_back(std::to_string(i));
  return rows;
}

std::string lines(int begin, int end) {
  std::string text;
  for (int i = begin; i < end; ++i) text += std::to_string(i) + "\n";
  return text;
}

TEST(Sources, splits_are_those_of_the_datasets_library) {
  const TestFolder folder;
  const std::string path = folder.write("rows.jsonl", lines(0, 30));
  EXPECT_EQ(rows_of(dataset(path)), numbers(0, 30));
  EXPECT_EQ(rows_of(dataset(path, "train[:10%]")), numbers(0, 3));
  EXPECT_EQ(rows_of(dataset(path, "train[10:20]")), numbers(10, 20));
  EXPECT_EQ(rows_of(dataset(path, "train[-5:]")), numbers(25, 30));
  EXPECT_EQ(rows_of(dataset(path, "train[:-25]")), numbers(0, 5));
  EXPECT_EQ(rows_of(dataset(path, "train[28:100]")), numbers(28, 30));
  EXPECT_EQ(rows_of(dataset(path, "train[20:10]")), numbers(0, 0));
  auto both = numbers(29, 30);
  both.push_back("0");
  EXPECT_EQ(rows_of(dataset(path, "train[29:] + train[:1]")), both);
  // 5 % and 15 % of 30 rows are 1.5 and 4.5, which round to even.
  EXPECT_EQ(rows_of(dataset(path, "train[5%:15%]")), numbers(2, 4));
  EXPECT_EQ(rows_of(dataset(path, "train[-10%:]")), numbers(27, 30));
  EXPECT_EQ(rows_of(dataset(path, "train[:10%](pct1_dropremainder)")), numbers(0, 0));
  EXPECT_EQ(rows_of(dataset(path, "train[:10%](closest)")), numbers(0, 3));
}

TEST(Sources, what_is_no_split_is_refused) {
  const TestFolder folder;
  const std::string path = folder.write("rows.jsonl", lines(0, 3));
  for (const char* split :
       {"train[", "train[1]", "train[a:b]", "train[:200%]", "[1:2]", "", "train[1:2", "train[:%]"}) {
    EXPECT_NE(message_of<ConfigError>([&] { rows_of(dataset(path, split)); }), "") << split;
  }
  EXPECT_NE(message_of<ConfigError>([&] { rows_of(dataset(path, "test")); }).find("no split 'test'"),
            std::string::npos);
  EXPECT_NE(message_of<ConfigError>([&] { rows_of(dataset(path, "train+test")); }), "");
}

TEST(Sources, folders_are_read_in_order_and_by_split) {
  const TestFolder folder;
  folder.write("plain/b.jsonl", "2\n");
  folder.write("plain/a/1.json", "[1]");
  folder.write("plain/notes.md", "no rows");
  EXPECT_EQ(rows_of(dataset((folder.path() / "plain").string())), numbers(1, 3));
  folder.write("split/train-0.jsonl", "1\n");
  folder.write("split/train-1.jsonl", "2\n");
  folder.write("split/test.jsonl", "3\n");
  const std::string split = (folder.path() / "split").string();
  EXPECT_EQ(rows_of(dataset(split)), numbers(1, 3));
  EXPECT_EQ(rows_of(dataset(split), true), numbers(3, 4));
  EXPECT_EQ(rows_of(dataset(split, "test")), numbers(3, 4));
  EXPECT_EQ(rows_of(dataset(split, "test+train[1:]+train[:1]")), (std::vector<std::string>{"3", "2", "1"}));
  EXPECT_NE(message_of<ConfigError>([&] { rows_of(dataset(split, "validation")); }), "");
}

TEST(Sources, data_files_name_files_and_globs) {
  const TestFolder folder;
  folder.write("a.jsonl", "1\n");
  folder.write("deep/er/b.jsonl", "2\n");
  folder.write("deep/c.jsonl", "3\n");
  DatasetOptions options = dataset(folder.path().string());
  options.data_files.items = {"deep/**/*.jsonl", "a.jsonl"};
  EXPECT_EQ(rows_of(options), (std::vector<std::string>{"3", "2", "1"}));
  options.data_files.items = {"*.parquet"};
  EXPECT_NE(message_of<FileError>([&] { rows_of(options); }).find("no file matches"), std::string::npos);
}

TEST(Sources, globs) {
  EXPECT_TRUE(matches_glob("*.jsonl", "a.jsonl"));
  EXPECT_FALSE(matches_glob("*.jsonl", "d/a.jsonl"));
  EXPECT_TRUE(matches_glob("**/*.jsonl", "a.jsonl"));
  EXPECT_TRUE(matches_glob("**/*.jsonl", "d/e/a.jsonl"));
  EXPECT_TRUE(matches_glob("d/**", "d/e/a.jsonl"));
  EXPECT_TRUE(matches_glob("train-????.json", "train-0001.json"));
  EXPECT_FALSE(matches_glob("train-?.json", "train-.json"));
  EXPECT_TRUE(matches_glob("train-[0-9][!a].json", "train-1b.json"));
  EXPECT_FALSE(matches_glob("train-[0-9].json", "train-x.json"));
  EXPECT_TRUE(matches_glob("a[", "a["));
  EXPECT_TRUE(is_named_after("train-00000-of-00002.jsonl", "train"));
  EXPECT_TRUE(is_named_after("my_val.json", "validation"));
  EXPECT_FALSE(is_named_after("trainer.json", "train"));
}

TEST(Sources, hidden_files_are_named_or_left_out) {
  const TestFolder folder;
  folder.write("a.jsonl", "1\n");
  folder.write(".old/b.jsonl", "2\n");
  folder.write("__pycache__/c.jsonl", "3\n");
  DatasetOptions options = dataset(folder.path().string());
  EXPECT_EQ(rows_of(options), numbers(1, 2));
  options.data_files.items = {"**/*.jsonl"};
  EXPECT_EQ(rows_of(options), numbers(1, 2));
  options.data_files.items = {".old/*.jsonl"};
  EXPECT_EQ(rows_of(options), numbers(2, 3));
  options.data_files.items = {(folder.path() / "*.jsonl").string()};
  EXPECT_EQ(rows_of(options), numbers(1, 2));
}

TEST(Sources, shards_in_data_name_their_split) {
  const TestFolder folder;
  folder.write("data/train_sft-00000-of-00002-abc.jsonl", "1\n");
  folder.write("data/train_sft-00001-of-00002-abc.jsonl", "2\n");
  folder.write("data/test_sft-00000-of-00001.jsonl", "3\n");
  const std::string path = folder.path().string();
  EXPECT_EQ(rows_of(dataset(path, "train_sft")), numbers(1, 3));
  EXPECT_EQ(rows_of(dataset(path, "test_sft[:1]")), numbers(3, 4));
  EXPECT_NE(message_of<ConfigError>([&] { rows_of(dataset(path)); }).find("has test_sft, train_sft"),
            std::string::npos);
}

TEST(Sources, folders_named_after_splits_come_before_files) {
  const TestFolder folder;
  folder.write("train/test.jsonl", "1\n");
  folder.write("dev/a.jsonl", "2\n");
  folder.write("train.jsonl", "3\n");
  const std::string path = folder.path().string();
  EXPECT_EQ(rows_of(dataset(path)), numbers(1, 2));
  EXPECT_EQ(rows_of(dataset(path, "validation")), numbers(2, 3));
}

TEST(Sources, a_folder_has_rows_of_one_type) {
  const TestFolder folder;
  folder.write("rows.jsonl", "1\n");
  folder.write("licence.txt", "free");
  folder.write("dataset_info.json", "{}");
  DatasetOptions options = dataset(folder.path().string());
  EXPECT_EQ(rows_of(options), numbers(1, 2));
  folder.write("rows.csv", "n\n7\n");
  EXPECT_NE(message_of<FileError>([&] { rows_of(options); }).find("several types"), std::string::npos);
  options.ds_type = DatasetFileType::csv;
  EXPECT_EQ(rows_of(options), std::vector<std::string>{R"({"n": "7"})"});
}

TEST(Sources, the_card_of_a_dataset_declares_configurations) {
  const TestFolder folder;
  folder.write(
      "README.md",
      "---\nlicense: mit\nconfigs:\n- config_name: main\n  data_files:\n  - split: train\n    path: main/tr*\n"
      "  - split: test\n    path: [main/te.jsonl]\n- config_name: other\n  data_files: o.jsonl\n---\n# Text\n");
  folder.write("main/tr.jsonl", "1\n");
  folder.write("main/te.jsonl", "2\n");
  folder.write("o.jsonl", "3\n");
  DatasetOptions options = dataset(folder.path().string());
  EXPECT_NE(message_of<ConfigError>([&] { rows_of(options); }).find("name: one of main, other"), std::string::npos);
  options.name = "main";
  EXPECT_EQ(rows_of(options), numbers(1, 2));
  EXPECT_EQ(rows_of(options, true), numbers(2, 3));
  options.name = "other";
  EXPECT_EQ(rows_of(options), numbers(3, 4));
  options.name = "third";
  EXPECT_NE(message_of<ConfigError>([&] { rows_of(options); }).find("no configuration 'third'"), std::string::npos);
  folder.write("README.md", "---\nconfigs: [\n---\n");
  EXPECT_NE(message_of<FileError>([&] { rows_of(options); }).find("README.md"), std::string::npos);
}

TEST(Sources, saved_datasets_name_their_files) {
  const TestFolder folder;
  folder.write("one/dataset_info.json", "{}");
  folder.write("one/state.json", R"({"_data_files": [{"filename": "b.jsonl"}, {"filename": "a.jsonl"}]})");
  folder.write("one/a.jsonl", "2\n");
  folder.write("one/b.jsonl", "1\n");
  EXPECT_EQ(rows_of(dataset((folder.path() / "one").string())), numbers(1, 3));
  EXPECT_EQ(rows_of(dataset((folder.path() / "one").string()), true), numbers(1, 3));
  folder.write("dataset_dict.json", R"({"splits": ["train", "test"]})");
  for (const char* split : {"train", "test"}) {
    folder.write(std::string(split) + "/state.json", R"({"_data_files": [{"filename": "a.jsonl"}]})");
    folder.write(std::string(split) + "/a.jsonl", split[1] == 'r' ? "1\n" : "2\n");
  }
  EXPECT_EQ(rows_of(dataset(folder.path().string())), numbers(1, 2));
  EXPECT_EQ(rows_of(dataset(folder.path().string()), true), numbers(2, 3));
}

TEST(Sources, rows_can_be_passed_over) {
  const TestFolder folder;
  folder.write("a.jsonl", lines(0, 3));
  folder.write("b.jsonl", lines(3, 6));
  RowSource source(dataset(folder.path().string()), false);
  EXPECT_EQ(source.skip(2), 2);
  EXPECT_EQ(source.next()->text, "2");
  EXPECT_EQ(source.skip(1), 1);
  EXPECT_EQ(source.next()->text, "4");
  EXPECT_EQ(source.skip(9), 1);
  EXPECT_FALSE(source.next());
  RowSource parts(dataset(folder.path().string(), "train[4:]+train[:3]"), false);
  EXPECT_EQ(parts.skip(3), 3);
  EXPECT_EQ(parts.next()->text, "1");
}

TEST(Sources, hub_names_are_looked_up_in_the_cache) {
  const TestFolder folder;
  folder.write("datasets--owner--name/refs/main", "abc\n");
  folder.write("datasets--owner--name/snapshots/abc/data/train-0.jsonl", "1\n");
  folder.write("datasets--owner--name/snapshots/abc/data/test-0.jsonl", "2\n");
  ASSERT_EQ(setenv("HF_HUB_CACHE", folder.path().c_str(), 1), 0);
  EXPECT_EQ(rows_of(dataset("owner/name")), numbers(1, 2));
  EXPECT_EQ(rows_of(dataset("owner/name"), true), numbers(2, 3));
  EXPECT_NE(message_of<FileError>([] { rows_of(dataset("owner/other")); }).find("hf download owner/other"),
            std::string::npos);
  folder.write("datasets--owner--name/refs/v2", "def\n");
  folder.write("datasets--owner--name/snapshots/def/train.csv", "n\n5\n");
  DatasetOptions options = dataset("owner/name");
  for (const char* revision : {"v2", "def"}) {
    options.revision = revision;
    EXPECT_EQ(rows_of(options), std::vector<std::string>{R"({"n": "5"})"});
  }
  options.revision = "v3";
  EXPECT_NE(message_of<FileError>([&] { rows_of(options); }).find("--revision v3"), std::string::npos);
  unsetenv("HF_HUB_CACHE");
}

TEST(Sources, a_type_may_stand_for_the_path) {
  const TestFolder folder;
  DatasetOptions options = dataset("text");
  options.data_files.items = {folder.write("words", "one\n")};
  EXPECT_EQ(rows_of(options), std::vector<std::string>{R"({"text": "one"})"});
}

TEST(Sources, missing_data_says_what_to_do) {
  setenv("HF_HUB_CACHE", "no/such/cache", 1);
  const auto message = [](const std::string& path) { return message_of<FileError>([&] { rows_of(dataset(path)); }); };
  EXPECT_NE(message("mlabonne/FineTome-100k").find("hf download mlabonne/FineTome-100k --repo-type dataset"),
            std::string::npos);
  EXPECT_EQ(message("./no/such.jsonl"), "./no/such.jsonl: no such file or folder");
  EXPECT_NE(message("https://example.org/a.jsonl").find("download it"), std::string::npos);
  const TestFolder folder;
  EXPECT_NE(message(folder.path().string()).find("no .json, .jsonl, .csv"), std::string::npos);
  EXPECT_NE(message((folder.path() / "*.jsonl").string()).find("data_files to the pattern"), std::string::npos);
  EXPECT_NE(message(folder.write("a.parquet", "PAR1")).find("a.parquet: "), std::string::npos);
}

}  // namespace
}  // namespace eft
