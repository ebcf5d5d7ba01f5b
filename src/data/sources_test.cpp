#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/data_files.h"
#include "data/source.h"
#include "data/split.h"
#include "data/test_files.h"

namespace eft {
namespace {

DatasetOptions dataset(const std::string& path, std::optional<std::string> split = std::nullopt) {
  DatasetOptions options;
  options.path = path;
  options.split = std::move(split);
  return options;
}

/// The "n" of each row, and where it came from relative to `folder`.
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

TEST(Sources, json_lines_know_their_lines) {
  const TestFolder folder;
  const std::string path = folder.write("rows.jsonl", "\xEF\xBB\xBF{\"a\": 1}\r\n\r\n  {\"b\": [2]}  \n{}");
  const auto file = open_rows(path);
  auto row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, R"({"a": 1})");
  EXPECT_EQ(row->where, path + ":1");
  row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, R"({"b": [2]})");
  EXPECT_EQ(row->where, path + ":3");
  EXPECT_EQ(file->next()->where, path + ":4");
  EXPECT_FALSE(file->next());
}

TEST(Sources, arrays_are_cut_into_rows) {
  const TestFolder folder;
  const std::string path = folder.write("rows.json", " [\n {\"a\": \"],}\\\"\"},\n\n {\"b\": [1, {\"c\": 2}]} ]\n");
  const auto file = open_rows(path);
  auto row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, "{\"a\": \"],}\\\"\"}");
  EXPECT_EQ(row->where, path + ":2");
  row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, "{\"b\": [1, {\"c\": 2}]}");
  EXPECT_EQ(row->where, path + ":4");
  EXPECT_FALSE(file->next());
  EXPECT_FALSE(file->next());
  EXPECT_FALSE(open_rows(folder.write("empty.json", "[]"))->next());
  EXPECT_FALSE(open_rows(folder.write("nothing.json", ""))->next());
}

TEST(Sources, broken_arrays_are_refused) {
  const TestFolder folder;
  int n = 0;
  for (const char* text : {"[{}", "[{} {}]", "[{},]", "[,{}]", "[{}] x", "[\"abc", "[{}}]"}) {
    const auto file = open_rows(folder.write(std::to_string(n++) + ".json", text));
    const auto read = [&] {
      while (auto row = file->next()) parse_row(*row);
    };
    EXPECT_NE(message_of<DataError>(read).find("not valid JSON"), std::string::npos) << text;
  }
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
  EXPECT_EQ(split_of_name("data/train-00000-of-00002.jsonl"), "train");
  EXPECT_EQ(split_of_name("val.json"), "validation");
  EXPECT_EQ(split_of_name("trainer.json"), "");
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
  unsetenv("HF_HUB_CACHE");
}

TEST(Sources, missing_data_says_what_to_do) {
  setenv("HF_HUB_CACHE", "no/such/cache", 1);
  const auto message = [](const std::string& path) { return message_of<FileError>([&] { rows_of(dataset(path)); }); };
  EXPECT_NE(message("mlabonne/FineTome-100k").find("hf download mlabonne/FineTome-100k --repo-type dataset"),
            std::string::npos);
  EXPECT_EQ(message("./no/such.jsonl"), "./no/such.jsonl: no such file or folder");
  EXPECT_NE(message("https://example.org/a.jsonl").find("download it"), std::string::npos);
  const TestFolder folder;
  EXPECT_NE(message(folder.write("a.parquet", "PAR1")).find("not supported yet"), std::string::npos);
  EXPECT_NE(message(folder.path().string()).find("no .json or .jsonl file"), std::string::npos);
}

}  // namespace
}  // namespace eft
