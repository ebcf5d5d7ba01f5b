#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "report/metrics_file.h"
#include "report/profile_report.h"
#include "report/progress.h"
#include "report/run_end.h"
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

/// What is shown of three steps.
std::string shown(Terminal terminal) {
  std::FILE* file = std::tmpfile();
  terminal.stream = file;
  Progress progress(terminal, 0, 3, 2, 3);
  for (std::int64_t step = 1; step <= 3; ++step) progress.add(StepMetrics{.step = step, .loss = 2.0, .tokens = 10, .seconds = 1});
  progress.finish();
  std::string text(static_cast<std::size_t>(std::ftell(file)), ' ');
  std::rewind(file);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

TEST(Progress, prints_plain_lines_where_there_is_no_terminal) {
  const std::string text = shown({});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);  // the first, every second and the last
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("step 2/3  loss 2.0000"), std::string::npos) << text;
}

TEST(Progress, rewrites_a_bar_on_a_terminal) {
  const std::string text = shown({.live = true, .columns = 100, .colours = true});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << "one line that is rewritten";
  for (const char* part : {"33 %", "67 %", "100 %", "step 2/3", "ETA", "tokens/s", "epoch 0.67", "\x1b[32m"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << text;
  }
  EXPECT_EQ(shown({.live = true, .columns = 100}).find("\x1b[3"), std::string::npos) << "a colour";
}

TEST(Progress, a_bar_fits_its_terminal) {
  for (const std::size_t columns : {30U, 60U, 80U, 200U}) {
    const std::string text = shown({.live = true, .columns = columns, .colours = true});
    std::size_t begin = 0;
    for (std::size_t end = text.find('\r'); end != std::string::npos; end = text.find('\r', begin)) {
      EXPECT_LT(width_of(text.substr(begin, end - begin)), columns + 1) << columns;
      begin = end + 1;
    }
  }
}

TEST(Terminal, cuts_between_characters_and_ends_what_is_coloured) {
  const std::string text = painted("äöü", Paint::green, true) + "end";
  EXPECT_EQ(width_of(text), 6U);
  EXPECT_EQ(cut_to(text, 2), "\x1b[32mäö\x1b[0m");
  EXPECT_EQ(cut_to(text, 4), "\x1b[32mäöü\x1b[0me");
  EXPECT_EQ(cut_to("plain", 9), "plain");
  EXPECT_EQ(painted("plain", Paint::bold, false), "plain");
}

TEST(RunEnd, says_what_came_of_it_and_what_to_type_next) {
  RunEndFacts facts{.course = {.steps = 4, .tokens = 800, .seconds = 2, .first_loss = 3.5, .last_loss = 1.25},
                    .base_model = "google/gemma-3-270m-it",
                    .adapter = true,
                    .output_dir = "my outputs"};
  std::string text = to_text(facts, false);
  EXPECT_NE(text.find("4 steps of 800 tokens in 2.0s, 400 tokens/s"), std::string::npos) << text;
  EXPECT_NE(text.find("of a step 3.5000 → 1.2500\n"), std::string::npos) << text;
  EXPECT_NE(text.find("eft inference google/gemma-3-270m-it --adapter 'my outputs' --chat"), std::string::npos) << text;
  EXPECT_NE(text.find("eft merge-lora google/gemma-3-270m-it 'my outputs-merged' --adapter"), std::string::npos)
      << text;
  facts.course.first_eval_loss = 3;
  facts.course.last_eval_loss = 2;
  facts.course.evaluations = 2;
  facts.adapter = false;
  text = to_text(facts, false);
  EXPECT_NE(text.find("of the evaluation 3.0000 → 2.0000"), std::string::npos) << text;
  EXPECT_NE(text.find("eft inference 'my outputs' --chat"), std::string::npos) << text;
  facts.finished = false;
  EXPECT_NE(to_text(facts, false).find("resume_from_checkpoint=true"), std::string::npos);
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
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
