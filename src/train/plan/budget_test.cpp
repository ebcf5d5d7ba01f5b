#include "train/plan/budget.h"

#include "train/loop/tiny_run.h"

namespace eft::testing {
namespace {

PackedRow row_of(std::int64_t tokens) {
  PackedRow row;
  for (std::int32_t i = 0; i < tokens; ++i) {
    row.tokens.push_back(1 + i % 250);
    row.targets.push_back(row.tokens.back());
    row.positions.push_back(i);
  }
  row.starts = {0, tokens};
  return row;
}

/// Four rows of 512 tokens of the tiny model.
struct Wide {
  explicit Wide(const fs::path& folder) : run(folder) {
    run.job.data.sequence_len = 512;
    run.job.train.micro_batch_size = 4;
    run.job.train.gradient_accumulation_steps = 3;
    planned = plan_memory(run.job, row);
  }
  TinyRun run;
  PackedRow row = row_of(2048);
  MemoryFacts planned;
};

TEST(Budget, leaves_what_fits) {
  const TestFolder folder;
  const Wide wide(folder.path());
  const MemoryPlan plan = plan_for_budget(wide.run.job, wide.row, wide.planned, wide.planned.resident());
  EXPECT_TRUE(plan.fits());
  EXPECT_TRUE(plan.tried.empty());
}

TEST(Budget, lowers_one_setting_after_the_other) {
  const TestFolder folder;
  const Wide wide(folder.path());
  const MemoryPlan all = plan_for_budget(wide.run.job, wide.row, wide.planned, 1);
  EXPECT_FALSE(all.can_fit());
  ASSERT_EQ(all.tried.size(), 4U);
  EXPECT_EQ(all.tried[0].lines, std::vector<std::string>{"gradient_checkpointing: true"});
  EXPECT_EQ(all.tried[1].lines, (std::vector<std::string>{"micro_batch_size: 1", "gradient_accumulation_steps: 12"}));
  EXPECT_EQ(all.tried[2].lines, std::vector<std::string>{"sequence_len: 256"});
  EXPECT_EQ(all.tried[3].lines, std::vector<std::string>{"sequence_len: 128"});
  std::int64_t last = wide.planned.peak;
  for (const MemoryChange& change : all.tried) {
    EXPECT_LT(change.memory.peak, last);
    last = change.memory.peak;
  }
  EXPECT_EQ(all.tried[3].memory.row_tokens, 128);
  const std::string text = to_text(all);
  EXPECT_NE(text.find("  sequence_len: 128 "), std::string::npos) << text;
}

TEST(Budget, stops_at_the_first_setting_that_fits) {
  const TestFolder folder;
  const Wide wide(folder.path());
  const auto tried = plan_for_budget(wide.run.job, wide.row, wide.planned, 1).tried;
  const std::int64_t budget = tried[1].memory.resident();
  ASSERT_GT(wide.planned.resident(), budget);
  ASSERT_GT(tried[0].memory.resident(), budget);
  const MemoryPlan plan = plan_for_budget(wide.run.job, wide.row, wide.planned, budget);
  EXPECT_TRUE(plan.can_fit());
  EXPECT_EQ(plan.tried.size(), 2U);
}

TEST(Budget, memory_with_recomputation_is_linear_in_the_length) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.gradient_checkpointing = true;
  const auto peak = [&](std::int64_t tokens) {
    const MemoryFacts facts = plan_memory(run.job, row_of(tokens));
    return static_cast<double>(facts.peak);
  };
  const double step = peak(8192) - peak(4096);
  EXPECT_NEAR(peak(16384) - peak(8192), 2 * step, 0.05 * step);
}

TEST(Budget, another_device_holds_the_mapped_weights_itself) {
  const TestFolder folder;
  const TinyRun run(folder.path());
  const MemoryFacts here = plan_memory(run.job, row_of(64));
  const MemoryFacts there = plan_memory(run.job, row_of(64), Device::cuda);
  EXPECT_EQ(there.device, "cuda");
  EXPECT_GT(here.touched, 0);
  EXPECT_EQ(there.touched, 0);
  EXPECT_EQ(there.kept, 0);
  const std::int64_t workspace = std::int64_t{3} << 16;  // of attention on the CPU alone
  EXPECT_GE(there.peak, here.peak + here.touched - workspace);
}

}  // namespace
}  // namespace eft::testing
