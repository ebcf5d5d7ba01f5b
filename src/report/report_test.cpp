#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "report/metrics_file.h"
#include "report/profile_report.h"
#include "report/progress.h"
#include "report/run_facts.h"
#include "report/words.h"

namespace eft {
namespace {

TEST(Words, numbers_for_people) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(-1234567), "-1,234,567");
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(format_seconds(59.96), "60.0s");
  EXPECT_EQ(format_seconds(61), "1m 01s");
  EXPECT_EQ(format_seconds(7260), "2h 01m");
}

TEST(TensorGroups, merge_names_that_differ_in_a_number) {
  const auto groups = group_tensors({{"embed.weight", 10},
                                     {"layers.0.mlp.weight", 3},
                                     {"layers.1.mlp.weight", 3},
                                     {"layers.2.mlp.weight", 4},
                                     {"layers.5.mlp.weight", 4},
                                     {"layers.1.norm.weight", 1}});
  ASSERT_EQ(groups.size(), 3U);
  EXPECT_EQ(groups[1].pattern, "layers.{0-2,5}.mlp.weight");
  EXPECT_EQ(groups[1].tensors, 4);
  EXPECT_EQ(groups[1].parameters, 14);
  EXPECT_EQ(groups[2].pattern, "layers.1.norm.weight");
  EXPECT_EQ(parameters_of(groups), 25);
}

TEST(MetricsFile, keeps_the_steps_of_the_run_that_is_resumed) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "eft_metrics_test.jsonl";
  const auto add_steps = [](MetricsFile file, std::int64_t begin, std::int64_t end) {
    for (std::int64_t step = begin; step <= end; ++step) file.add(StepMetrics{.step = step});
    file.add(EvalMetrics{.step = end});
  };
  add_steps(MetricsFile(path), 1, 5);
  add_steps(MetricsFile(path, 3), 4, 4);
  const std::string text = read_text(path);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  add_steps(MetricsFile(path), 1, 1);
  EXPECT_TRUE(read_text(path).starts_with(R"({"step":1,)"));
  std::filesystem::remove(path);
}

/// What a progress line shows for three steps.
std::string shown(bool live) {
  std::FILE* file = std::tmpfile();
  Progress progress({file, live}, 0, 3, 2);
  for (std::int64_t step = 1; step <= 3; ++step) progress.add(StepMetrics{.step = step, .loss = 2.0, .tokens = 10, .seconds = 1});
  progress.finish();
  std::string text(static_cast<std::size_t>(std::ftell(file)), ' ');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST(Progress, prints_plain_lines_where_there_is_no_terminal) {
  const std::string text = shown(false);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);  // the first, every second and the last
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("step 2/3  loss 2.0000"), std::string::npos) << text;
}

TEST(ProfileReport, shows_kernels_and_what_is_left) {
  Profile profile(1, host_clock(), {.bf16 = 9e11, .f32 = 2e11});
  for (int step = 0; step < 2; ++step) {
    profile.begin_step();
    profile.begin("linear.forward");
    profile.end({.flops = 2e9, .sizes = "512 x 1024 x 640", .bytes = 1e6});
    profile.end_step();
  }
  const std::string text = to_text(profile);
  EXPECT_TRUE(text.starts_with("profile of 1 step, ")) << text;
  EXPECT_NE(text.find("the peak of the processor is 200 GFLOP/s in f32 and 900 in bf16"), std::string::npos) << text;
  EXPECT_NE(text.find("\noutside of kernels "), std::string::npos) << text;
  EXPECT_NE(text.find("\nlinear.forward 512 x 1024 x 640 "), std::string::npos) << text;

  const auto path = std::filesystem::temp_directory_path() / "eft_report_test_trace.json";
  write_trace(path, profile);
  const std::string trace = read_text(path);
  EXPECT_NE(trace.find(R"("name":"linear.forward","ph":"X")"), std::string::npos) << trace;
  EXPECT_NE(trace.find(R"("sizes":"512 x 1024 x 640")"), std::string::npos) << trace;
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace eft
