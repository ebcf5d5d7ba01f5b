#include "data/store/prepared_rows.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "data/test_files.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

DataOptions kept_options(const TestFolder& folder) {
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += R"({"text": "story )" + std::to_string(i) + "\"}\n";
  DataOptions options = one_dataset(folder.write("rows.jsonl", rows), DatasetType::completion);
  options.dataset_prepared_path = folder.path() / "prepared" / "here";
  return options;
}

std::vector<fs::path> kept_files(const DataOptions& options) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(*options.dataset_prepared_path)) files.push_back(entry.path());
  return files;
}

bool same(const DemoData& a, const DemoData& b) {
  const auto equal = [](const Example& x, const Example& y) {
    return x.tokens == y.tokens && x.labels == y.labels && x.source == y.source;
  };
  return std::ranges::equal(a.train, b.train, equal) && std::ranges::equal(a.eval, b.eval, equal) &&
         notes_of(a.report) == notes_of(b.report);
}

TEST(PreparedRows, are_taken_from_the_file_when_nothing_changed) {
  const TestFolder folder;
  DataOptions options = kept_options(folder);
  const DemoData first = prepare_demo(options);
  ASSERT_EQ(kept_files(options).size(), 1U);
  EXPECT_EQ(first.report.lines().back(), "cache miss, " + kept_files(options)[0].string());
  const DemoData again = prepare_demo(options);
  EXPECT_EQ(again.report.lines().back(), "cache hit, " + kept_files(options)[0].string());
  EXPECT_TRUE(same(first, again));
  // What happens to prepared rows does not matter; in memory they are the same.
  options.val_set_size = 5;
  options.shuffle_merged_datasets = true;
  const DemoData shuffled = prepare_demo(options, 9);
  EXPECT_EQ(shuffled.report.prepared, again.report.prepared);
  options.dataset_prepared_path = "";
  EXPECT_TRUE(same(shuffled, prepare_demo(options, 9)));
}

TEST(PreparedRows, are_made_anew_when_something_changed) {
  const TestFolder folder;
  DataOptions options = kept_options(folder);
  std::size_t files = 0;
  const auto is_new = [&] {
    const bool miss = prepare_demo(options).report.prepared.starts_with("cache miss");
    return miss && kept_files(options).size() == ++files;
  };
  EXPECT_TRUE(is_new());
  options.sequence_len = 100;
  EXPECT_TRUE(is_new());
  options.min_sample_len = 3;
  EXPECT_TRUE(is_new());
  folder.write("rows.jsonl", R"({"text": "another story"})");
  EXPECT_TRUE(is_new());
  options.chat_template = "jinja";
  options.chat_template_jinja = folder.write("a.jinja", "{{ messages }}");
  EXPECT_TRUE(is_new());
  folder.write("a.jinja", "{{ messages[0] }}");
  EXPECT_TRUE(is_new());
  EXPECT_FALSE(is_new());
}

TEST(PreparedRows, are_made_anew_when_the_file_is_broken) {
  const TestFolder folder;
  const DataOptions options = kept_options(folder);
  const DemoData first = prepare_demo(options);
  const fs::path file = kept_files(options).at(0);
  const std::string whole = read_text(file);
  for (const std::string& broken : {std::string(), whole.substr(0, whole.size() / 2), std::string(whole.size(), 'x')}) {
    write_text(file, broken);
    const DemoData again = prepare_demo(options);
    EXPECT_EQ(again.report.prepared, "cache miss, " + file.string() + " in the place of a broken file");
    EXPECT_TRUE(same(first, again));
    EXPECT_EQ(read_text(file), whole);
  }
}

TEST(PreparedRows, leave_nothing_behind_when_a_row_is_bad) {
  const TestFolder folder;
  DataOptions options = kept_options(folder);
  std::ofstream(options.datasets[0].path, std::ios::app) << "{\n{\n";
  const std::string path = options.datasets[0].path;
  EXPECT_TRUE(message_of<DataError>([&] { prepare_demo(options); }).starts_with(path + ":301: "));
  EXPECT_TRUE(kept_files(options).empty());
  options.on_bad_row = BadRow::drop;
  const DemoData data = prepare_demo(options);
  EXPECT_EQ(data.report.datasets.at(0).bad.count, 2);
  EXPECT_TRUE(data.report.datasets[0].bad.first.starts_with(path + ":301: ")) << data.report.datasets[0].bad.first;
  EXPECT_EQ(data.train.size(), 300U);
}

}  // namespace
}  // namespace eft
