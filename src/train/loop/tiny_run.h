#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "train/plan/memory_plan.h"
#include "train/loop/trainer.h"

namespace eft::testing {

namespace fs = std::filesystem;

/// A folder that exists for one test.
class TestFolder {
 public:
  TestFolder() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = fs::path(::testing::TempDir()) / (std::string("eft_") + info->test_suite_name() + "_" + info->name());
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~TestFolder() { fs::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Rows of random tokens with lengths 5, 8, 11, …; the first third of each bears no loss.
inline std::vector<Example> random_examples(std::size_t count, std::int64_t vocabulary, std::uint64_t seed) {
  std::vector<Example> examples(count);
  Random random(seed);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = 5 + 3 * (i % 5);
    for (std::size_t t = 0; t < length; ++t) {
      examples[i].tokens.push_back(
          static_cast<std::int32_t>(1 + random.below(static_cast<std::uint64_t>(vocabulary - 1))));
      examples[i].labels.push_back(t < length / 3 ? kIgnoreLabel : examples[i].tokens.back());
    }
    examples[i].source = "rows.jsonl:" + std::to_string(i + 1);
  }
  return examples;
}

/// A run of the tiny Gemma 3 of the golden tests: LoRA in float32, 4 steps of two rows.
struct TinyRun {
  TrainJob job;
  std::vector<Example> train = random_examples(12, 251, 7);
  std::vector<Example> eval;

  explicit TinyRun(const fs::path& output) {
    job.base_model = job.tokenizer = "tests/golden/data/gemma3";
    job.adapter.kind = AdapterKind::lora;
    job.adapter.rank = 3;
    job.adapter.alpha = 6;
    job.adapter.target_linear = true;
    job.data.sequence_len = 64;
    job.train.output_dir = output;
    job.train.float32 = true;
    job.train.schedule.learning_rate = 1e-2;
    job.train.micro_batch_size = 2;
    job.train.max_steps = 4;
    job.train.schedule.warmup_steps = 0;
    job.train.save_strategy = Interval::no;
    job.train.seed = 5;
  }
};

/// What a run left.
struct Outcome {
  bool finished = false;
  std::vector<nlohmann::json> metrics;
  std::vector<std::vector<double>> weights;  ///< of all trainable parameters

  std::vector<double> losses() const {
    std::vector<double> list;
    for (const auto& line : metrics) {
      if (line.contains("loss")) list.push_back(line["loss"]);
    }
    return list;
  }
};

inline std::vector<nlohmann::json> read_metrics(const fs::path& folder) {
  std::vector<nlohmann::json> lines;
  std::istringstream text(read_text(folder / "metrics.jsonl"));
  for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

/// Runs to the end, or until `steps_before_stop` steps are made.
inline Outcome train(const TinyRun& run, std::int64_t steps_before_stop = -1, const fs::path& resume = {}) {
  Pool pool(Device::cpu);
  OpenedModel opened = open_for_training(run.job, pool);
  Trainer trainer(run.job, opened, pool, {run.train, run.eval});
  if (!resume.empty()) trainer.resume(resume);
  Progress progress({}, trainer.step(), trainer.plan().steps, 1);
  Outcome outcome;
  outcome.finished = trainer.run(progress, {.stop = [&] { return trainer.step() == steps_before_stop; }, .save = {}});
  outcome.metrics = read_metrics(run.job.train.output_dir);
  for (const Parameter& parameter : opened.model->parameters()) {
    if (parameter.trainable()) outcome.weights.push_back(to_doubles(parameter.exact()));
  }
  return outcome;
}

/// Largest difference of two lists of values of equal sizes.
inline double distance(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double worst = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

inline double distance(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.weights.size(), b.weights.size());
  double worst = distance(a.losses(), b.losses());
  for (std::size_t i = 0; i < a.weights.size(); ++i) worst = std::max(worst, distance(a.weights[i], b.weights[i]));
  return worst;
}

}  // namespace eft::testing
