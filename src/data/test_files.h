#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/file.h"
#include "data/dataset.h"

namespace eft {

/// A folder of its own for each test, removed behind it.
class TestFolder {
 public:
  TestFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) / (std::string("eft_") + test->test_suite_name() + test->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  /// Writes a file and returns its path.
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    write_text(path_ / name, text);
    return (path_ / name).string();
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline const std::filesystem::path kDemoModel = "examples/demo/model";

inline const Tokenizer& demo_tokenizer() {
  static const Tokenizer tokenizer = Tokenizer::load(kDemoModel);
  return tokenizer;
}

/// The message of the E that `run` throws; "" when it throws none.
template <class E>
std::string message_of(const auto& run) {
  try {
    run();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

/// Options with one dataset in nothing but the given order.
inline DataOptions one_dataset(const std::string& path, DatasetType type) {
  DataOptions options;
  options.datasets.emplace_back();
  options.datasets[0].path = path;
  options.datasets[0].type = type;
  options.chat_template = "gemma4";
  options.shuffle_merged_datasets = false;
  options.dataset_prepared_path = "";
  return options;
}

/// PreparedData with copies of the examples.
struct DemoData {
  std::vector<Example> train;
  std::vector<Example> eval;
  DataReport report;
};

inline DemoData prepare_demo(const DataOptions& options, std::int64_t seed = 1) {
  const PreparedData data = prepare_data(options, kDemoModel, demo_tokenizer(), seed);
  return {data.train.copy(), data.eval.copy(), data.report};
}

}  // namespace eft
