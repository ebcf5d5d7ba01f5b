#include <gtest/gtest.h>

#include "config/test_config.h"

namespace eft {
namespace {

using testing::error_of;
using testing::kSmall;
using testing::parse;
using testing::Result;

TEST(TrainingKeys, SgdTakesItsSettingsFromOptimArgs) {
  const std::string sgd = std::string(kSmall) + "optimizer: sgd\n";
  EXPECT_FALSE(parse(sgd).config.train.optimizer.args.momentum);
  for (const char* args : {"{momentum: 0.9, nesterov: true}", "momentum=0.9, nesterov=true"}) {
    const OptimizerOptions options = parse(sgd + "optim_args: " + args + "\n").config.train.optimizer;
    EXPECT_EQ(options.kind, OptimizerKind::sgd);
    EXPECT_EQ(options.args.momentum, 0.9);
    EXPECT_EQ(options.args.nesterov, true);
  }
  EXPECT_EQ(error_of("optim_args: momentum\noptimizer: sgd\n"),
            "run.yaml:6 optim_args: \"momentum\" is not a list like momentum=0.9,nesterov=true");
  EXPECT_EQ(error_of("optim_args: {momentum: 0.9}\n"),
            "run.yaml:6 optim_args: momentum and nesterov are for optimizer: sgd or muon; remove them");
  EXPECT_EQ(error_of("optim_args: {nesterov: true}\noptimizer: sgd\n"),
            "run.yaml:6 optim_args: nesterov needs momentum above 0 and dampening: 0, as in torch");
  EXPECT_EQ(error_of("optim_args: {momentum: 0.9, dampening: 0.1, nesterov: true}\noptimizer: sgd\n"),
            "run.yaml:6 optim_args: nesterov needs momentum above 0 and dampening: 0, as in torch");
  EXPECT_EQ(error_of("optim_args: {momentun: 0.9}\noptimizer: sgd\n"),
            "run.yaml:6 optim_args.momentun: unknown key; did you mean momentum?");
}

TEST(TrainingKeys, OptimizersHaveAxolotlsNames) {
  const auto kind_of = [](const char* name) {
    return parse(std::string(kSmall) + "optimizer: " + name + "\n").config.train.optimizer.kind;
  };
  EXPECT_EQ(kind_of("adamw_bnb_8bit"), OptimizerKind::adamw_8bit);
  EXPECT_EQ(kind_of("paged_adamw_8bit"), OptimizerKind::adamw_8bit);
  EXPECT_EQ(kind_of("adamw_torch_8bit"), OptimizerKind::adamw_torch_8bit);
  EXPECT_EQ(kind_of("paged_adamw_32bit"), OptimizerKind::adamw);
  EXPECT_EQ(kind_of("paged_lion_8bit"), OptimizerKind::lion_8bit);
  EXPECT_EQ(kind_of("came_pytorch"), OptimizerKind::came);
  EXPECT_EQ(
      error_of("optimizer: muon\nembedding_lr: 1e-5\n"),
      "run.yaml:6 optimizer: muon takes one learning rate; remove embedding_lr, embedding_lr_scale, lr_groups and "
      "loraplus_lr_ratio");
  EXPECT_EQ(
      error_of("optimizer: adopt_adamw\nadam_beta1: 0.9\n"),
      "run.yaml:7 adam_beta1: this optimizer takes adam_beta1 and adam_beta2 only together, as in Axolotl; set both "
      "or none");
  EXPECT_EQ(error_of("adam_beta3: 0.9\n"), "run.yaml:6 adam_beta3: is for optimizer: came_pytorch; remove it");
  const Result paged = parse(std::string(kSmall) + "optimizer: paged_adamw_8bit\n");
  ASSERT_EQ(paged.notes.size(), 1U);
  EXPECT_EQ(paged.notes[0],
            "optimizer: paged_adamw_8bit computes what adamw_8bit does; eft pages nothing, the state stays in memory");
}

TEST(TrainingKeys, GroupsOfParametersHaveRatesOfTheirOwn) {
  const RunConfig config =
      parse(std::string(kSmall) + "embedding_lr: 1e-5\nlr_groups:\n  - {name: up, modules: [up_proj], lr: 3e-4}\n")
          .config;
  EXPECT_EQ(config.train.optimizer.groups.embedding_lr, 1e-5);
  ASSERT_EQ(config.train.optimizer.groups.lr_groups.size(), 1U);
  EXPECT_EQ(config.train.optimizer.groups.lr_groups[0].learning_rate, 3e-4);
  EXPECT_EQ(error_of("embedding_lr: 1e-5\nembedding_lr_scale: 0.1\n"),
            "run.yaml:6 embedding_lr: set beside embedding_lr_scale, which goes before it; remove one");
  EXPECT_EQ(error_of("loraplus_lr_ratio: 16\n"),
            "run.yaml:6 loraplus_lr_ratio: set without adapter: lora; add it or remove loraplus_lr_ratio");
  EXPECT_EQ(error_of("lr_groups:\n  - {name: up, modules: [up_proj]}\n"),
            "run.yaml:7 lr_groups[0].lr: not set; it has no default");
}

TEST(TrainingKeys, SchedulesTakeTheirOwnSettingsOnly) {
  const auto schedule_of = [](const std::string& lines) { return parse(kSmall + lines).config.train.schedule; };
  EXPECT_EQ(schedule_of("lr_scheduler: polynomial\nlr_scheduler_kwargs: {power: 2}\n").args.power, 2);
  EXPECT_EQ(schedule_of("cosine_min_lr_ratio: 0.1\ncosine_constant_lr_ratio: 0.8\n").cosine_constant_lr_ratio, 0.8);
  EXPECT_EQ(error_of("lr_scheduler_kwargs: {power: 2}\n"),
            "run.yaml:6 lr_scheduler_kwargs: power is no setting of cosine, which has num_cycles");
  EXPECT_EQ(error_of("lr_scheduler: rex\nlr_scheduler_kwargs: {power: 2}\n"),
            "run.yaml:7 lr_scheduler_kwargs: power is no setting of rex, which takes none");
  EXPECT_EQ(error_of("lr_scheduler_kwargs: {powr: 2}\n"),
            "run.yaml:6 lr_scheduler_kwargs.powr: unknown key; did you mean power?");
  EXPECT_EQ(error_of("cosine_constant_lr_ratio: 0.8\n"),
            "run.yaml:6 cosine_constant_lr_ratio: needs lr_scheduler: cosine and cosine_min_lr_ratio above 0, without "
            "which Axolotl ignores it; set them or remove it");
  EXPECT_EQ(error_of("lr_scheduler: constant\ncosine_min_lr_ratio: 0.1\n"),
            "run.yaml:7 cosine_min_lr_ratio: is for lr_scheduler: cosine or rex, or jagged_restart_steps; remove it");
  EXPECT_EQ(error_of("lr_scheduler: cosine_with_min_lr\n"),
            "run.yaml:6 lr_scheduler: needs min_lr or min_lr_rate, one of the two, in lr_scheduler_kwargs");
  EXPECT_EQ(error_of("lr_scheduler: reduce_lr_on_plateau\n"),
            "run.yaml:6 lr_scheduler: nothing is evaluated; set eval_steps, evals_per_epoch or eval_strategy, and "
            "val_set_size or test_datasets");
}

TEST(TrainingKeys, KindsOfCheckpointingAreOne) {
  const Result result = parse(std::string(kSmall) + "gradient_checkpointing: offload\n");
  EXPECT_EQ(result.config.train.gradient_checkpointing, true);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_EQ(result.notes[0], "gradient_checkpointing: offload is true: eft keeps what enters each block in memory");
}

TEST(TrainingKeys, UnfrozenParametersAreWhole) {
  EXPECT_EQ(parse(std::string(kSmall) + "unfrozen_parameters: [^lm_head.weight$]\n").config.train.unfrozen_parameters,
            (std::vector<std::string>{"^lm_head.weight$"}));
  EXPECT_EQ(
      error_of("unfrozen_parameters:\n  - ^model.embed_tokens.weight$[:32000]\n"),
      "run.yaml:6 unfrozen_parameters: ranges of rows, as in [:32000], are not supported; name the whole parameter");
}

}  // namespace
}  // namespace eft
