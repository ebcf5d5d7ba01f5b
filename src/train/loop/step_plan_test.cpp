#include "train/loop/step_plan.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace eft {
namespace {

TrainOptions options(std::int64_t accumulation, double epochs) {
  TrainOptions o;
  o.gradient_accumulation_steps = accumulation;
  o.num_epochs = epochs;
  return o;
}

// As Transformers' Trainer.set_initial_training_values counts.
TEST(StepPlan, counts_a_short_step_at_the_end_of_an_epoch) {
  EXPECT_EQ(plan_steps(options(4, 3), 10, false).steps_per_epoch, 3);
  EXPECT_EQ(plan_steps(options(4, 3), 10, false).steps, 9);
  EXPECT_EQ(plan_steps(options(4, 0.5), 10, false).steps, 2);
  EXPECT_EQ(plan_steps(options(16, 1), 10, false).steps, 1);
}

TEST(StepPlan, max_steps_are_exact) {
  TrainOptions o = options(4, 3);
  o.max_steps = 7;
  EXPECT_EQ(plan_steps(o, 10, false).steps, 7);
  EXPECT_EQ(plan_steps(o, 0, false).steps_per_epoch, 7);
  o.max_steps = 100;
  EXPECT_EQ(plan_steps(o, 10, false).steps, 100);
}

TEST(StepPlan, a_run_without_end_names_num_epochs) {
  for (const double epochs : {1e19, 1e300, 1e12}) {
    try {
      plan_steps(options(1, epochs), 10, false);
      ADD_FAILURE() << epochs;
    } catch (const ConfigError& error) {
      EXPECT_EQ(std::string(error.what()).find("num_epochs: "), 0U) << error.what();
    }
  }
  EXPECT_EQ(plan_steps(options(1, 1e9), 10, false).steps, 10'000'000'000);
}

TEST(StepPlan, saves_and_evaluates_as_asked_and_at_the_end) {
  TrainOptions o = options(1, 2);
  o.save_steps = 0.3;
  o.evals_per_epoch = 4;
  const StepPlan plan = plan_steps(o, 10, true);
  EXPECT_EQ(plan.save.every, 6);  // ceil(0.3 · 20)
  EXPECT_EQ(plan.eval.every, 3);  // ceil(10 / 4)
  EXPECT_TRUE(plan.due(plan.save, 6, false));
  EXPECT_FALSE(plan.due(plan.save, 10, true));
  EXPECT_TRUE(plan.due(plan.save, 20, false));
}

TEST(StepPlan, default_is_a_checkpoint_each_epoch_and_no_evaluation) {
  const StepPlan plan = plan_steps(options(1, 2), 10, true);
  EXPECT_TRUE(plan.save.each_epoch);
  EXPECT_FALSE(plan.eval.active());
  EXPECT_TRUE(plan.due(plan.save, 10, true));
  EXPECT_FALSE(plan.due(plan.save, 9, false));
  TrainOptions o = options(1, 2);
  o.save_strategy = Interval::no;
  EXPECT_FALSE(plan_steps(o, 10, true).save.active());
}

TEST(StepPlan, evaluates_nothing_without_rows) {
  TrainOptions o = options(1, 1);
  o.eval_steps = 2;
  EXPECT_FALSE(plan_steps(o, 10, false).eval.active());
}

}  // namespace
}  // namespace eft
