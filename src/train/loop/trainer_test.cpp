#include "train/loop/trainer.h"

#include <sys/resource.h>

#include <csignal>

#include "base/error.h"
#include "models/adapter.h"
#include "train/plan/forward_check.h"
#include "train/loop/tiny_run.h"

namespace eft::testing {
namespace {

TEST(Trainer, writes_every_step_and_evaluation) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.eval = random_examples(3, 251, 9);
  run.job.train.eval_steps = 2;
  run.job.train.schedule.kind = ScheduleKind::linear;
  const Outcome outcome = train(run);
  std::string order;
  for (const auto& line : outcome.metrics) {
    const bool evaluation = line.contains("eval_loss");
    order += fmt::format("{}{} ", evaluation ? "e" : "s", line["step"].get<int>());
    for (const char* key : {"tokens", "label_tokens", "seconds"}) EXPECT_TRUE(line.contains(key)) << key;
    if (evaluation) continue;
    for (const char* key : {"loss", "grad_norm", "learning_rate", "memory"}) EXPECT_TRUE(line.contains(key)) << key;
  }
  EXPECT_EQ(order, "e0 s1 s2 e2 s3 s4 e4 ");
  EXPECT_DOUBLE_EQ(outcome.metrics[1]["learning_rate"], 1e-2);
  EXPECT_DOUBLE_EQ(outcome.metrics[2]["learning_rate"], 0.75e-2);
}

TEST(Trainer, makes_a_short_step_at_the_end_of_an_epoch) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.train.resize(5);
  run.job.train.micro_batch_size = 1;
  run.job.train.gradient_accumulation_steps = 2;
  run.job.train.max_steps.reset();
  run.job.train.num_epochs = 2;
  std::int64_t tokens = 0;
  const Outcome outcome = train(run);
  for (const auto& line : outcome.metrics) tokens += line["tokens"].get<std::int64_t>();
  EXPECT_EQ(outcome.losses().size(), 6U);
  EXPECT_EQ(tokens, 2 * (5 + 8 + 11 + 14 + 17));
}

TEST(Trainer, result_is_an_adapter_that_loads_with_the_same_values) {
  const TestFolder folder;
  TinyRun run(folder.path());
  const Outcome outcome = train(run);
  EXPECT_TRUE(outcome.finished);
  run.job.adapter = read_adapter_options(folder.path());
  Pool pool(Device::cpu);
  const OpenedModel opened = open_for_training(run.job, pool);
  std::size_t i = 0;
  for (const Parameter& parameter : opened.model->parameters()) {
    if (!parameter.trainable()) continue;
    EXPECT_EQ(to_doubles(parameter.exact()), outcome.weights.at(i++)) << parameter.name;
  }
  EXPECT_EQ(i, outcome.weights.size());
}

TEST(Trainer, keeps_save_total_limit_checkpoints) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.save_strategy.reset();
  run.job.train.save_steps = 1;
  run.job.train.save_total_limit = 2;
  train(run);
  std::vector<std::string> names;
  for (const auto& path : list_checkpoints(folder.path())) names.push_back(path.filename());
  EXPECT_EQ(names, (std::vector<std::string>{"checkpoint-3", "checkpoint-4"}));
}

/// Seven steps at once, and with two ends in between.
void compare_resumed_with_uninterrupted(bool full, bool bf16, OptimizerKind optimizer) {
  const TestFolder folder;
  TinyRun run(folder.path() / "whole");
  run.job.adapter.kind = full ? AdapterKind::none : AdapterKind::lora;
  run.job.adapter.dropout = 0.1;
  run.job.train.float32 = !bf16;
  run.job.train.micro_batch_size = 1;
  run.job.train.gradient_accumulation_steps = 5;  // an epoch is three steps, the last of two rows
  run.job.train.max_steps = 7;
  run.job.train.optimizer.kind = optimizer;
  if (optimizer == OptimizerKind::sgd) run.job.train.optimizer.args.momentum = 0.9;
  const Outcome whole = train(run);
  run.job.train.output_dir = folder.path() / "parts";
  EXPECT_FALSE(train(run, 2).finished);
  EXPECT_FALSE(train(run, 5, run.job.train.output_dir / "checkpoint-2").finished);
  const Outcome parts = train(run, -1, run.job.train.output_dir / "checkpoint-5");
  EXPECT_TRUE(parts.finished);
  EXPECT_EQ(parts.losses().size(), 7U);
  EXPECT_EQ(distance(whole, parts), 0.0) << full << bf16;
}

TEST(Trainer, resumed_equals_uninterrupted_bit_for_bit) {
  for (const OptimizerKind optimizer : {OptimizerKind::adamw, OptimizerKind::sgd}) {
    for (const bool full : {false, true}) {
      for (const bool bf16 : {false, true}) compare_resumed_with_uninterrupted(full, bf16, optimizer);
    }
  }
  using enum OptimizerKind;
  for (const OptimizerKind optimizer : {adamw_8bit, adafactor, muon, came, schedule_free_adamw}) {
    compare_resumed_with_uninterrupted(true, true, optimizer);
  }
}

TEST(Trainer, refuses_to_resume_with_other_rows) {
  const TestFolder folder;
  TinyRun run(folder.path());
  EXPECT_FALSE(train(run, 2).finished);
  run.train.pop_back();
  EXPECT_THROW(train(run, -1, folder.path() / "checkpoint-2"), ConfigError);
}

TEST(Trainer, refuses_to_resume_with_another_optimizer) {
  const TestFolder folder;
  TinyRun run(folder.path());
  EXPECT_FALSE(train(run, 2).finished);
  run.job.train.optimizer.kind = OptimizerKind::sgd;
  try {
    train(run, -1, folder.path() / "checkpoint-2");
    FAIL() << "resumed";
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.what(),
              (folder.path() / "checkpoint-2").string() +
                  ": made with optimizer adamw, got optimizer sgd; a run can only go on with the same one");
  }
}

TEST(Trainer, goes_on_from_a_stop_without_repeating_or_losing_an_evaluation) {
  const TestFolder folder;
  TinyRun run(folder.path() / "whole");
  run.eval = random_examples(3, 251, 9);
  run.job.train.eval_steps = 2;
  const auto evaluations = [](const Outcome& outcome) {
    std::vector<std::pair<int, double>> list;
    for (const auto& line : outcome.metrics) {
      if (line.contains("eval_loss")) list.emplace_back(line["step"], line["eval_loss"]);
    }
    return list;
  };
  const auto whole = evaluations(train(run));
  run.job.train.output_dir = folder.path() / "parts";
  EXPECT_FALSE(train(run, 2).finished);  // where an evaluation is due
  EXPECT_FALSE(train(run, 3, run.job.train.output_dir / "checkpoint-2").finished);
  EXPECT_EQ(evaluations(train(run, -1, run.job.train.output_dir / "checkpoint-3")), whole);
}

TEST(Trainer, keeps_the_best_model_beside_the_latest_checkpoint) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.eval = random_examples(3, 251, 9);
  run.job.train.schedule.learning_rate = 1;  // too much: the first evaluation is the best
  run.job.train.eval_steps = 1;
  run.job.train.save_total_limit = 1;
  run.job.train.early_stopping_patience = 2;
  run.job.train.max_steps = 20;
  const Outcome outcome = train(run);
  EXPECT_TRUE(outcome.finished);
  const std::size_t steps = outcome.losses().size();
  EXPECT_LT(steps, 20U);
  const std::size_t best = steps - 2;
  std::vector<std::string> names;
  for (const auto& path : list_checkpoints(folder.path())) names.push_back(path.filename());
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), fmt::format("checkpoint-{}", best));
  EXPECT_EQ(read_text(folder.path() / "adapter_model.safetensors"),
            read_text(folder.path() / names.front() / "adapter_model.safetensors"));
}

TEST(Trainer, takes_no_half_copied_checkpoint_for_whole) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.save_strategy.reset();
  run.job.train.save_steps = 2;
  train(run);
  EXPECT_EQ(list_checkpoints(folder.path()).size(), 2U);
  fs::resize_file(folder.path() / "checkpoint-4" / "optimizer.safetensors", 100);
  EXPECT_EQ(list_checkpoints(folder.path()).size(), 1U);
  EXPECT_THROW(train(run, -1, folder.path() / "checkpoint-4"), FileError);
  fs::remove(folder.path() / "checkpoint-2" / "adapter_model.safetensors");
  EXPECT_TRUE(list_checkpoints(folder.path()).empty());
}

TEST(Trainer, skips_a_step_that_is_not_finite_when_told_so) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.on_nonfinite_step = OnNonfiniteStep::skip;
  run.job.train.schedule.learning_rate = 1e38;
  run.job.train.optimizer.max_grad_norm = 0;
  run.job.train.max_steps = 6;
  Pool pool(Device::cpu);
  OpenedModel opened = open_for_training(run.job, pool);
  Trainer trainer(run.job, opened, pool, {run.train, {}});
  Progress progress({}, 0, 6, 1);
  EXPECT_TRUE(trainer.run(progress, {}));
  const auto metrics = read_metrics(folder.path());
  ASSERT_EQ(metrics.size(), 6U);
  EXPECT_FALSE(metrics.front().contains("skipped"));
  EXPECT_EQ(metrics.back().value("skipped", false), true);
  EXPECT_TRUE(metrics.back()["loss"].is_null());
}

TEST(Trainer, names_step_and_rows_when_the_loss_is_not_finite) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.schedule.learning_rate = 1e38;
  run.job.train.optimizer.max_grad_norm = 0;
  try {
    train(run);
    FAIL() << "an infinite learning rate went well";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("step "), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("rows.jsonl:"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("lora_"), std::string::npos) << error.what();
  }
  EXPECT_FALSE(fs::exists(folder.path() / "adapter_model.safetensors"));
}

/// No file of this process may grow beyond `bytes` while this lives: writing fails as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

TEST(Trainer, leaves_nothing_half_written_on_a_full_disk) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.save_strategy.reset();
  run.job.train.save_steps = 2;
  run.job.train.on_save_error = OnSaveError::stop;
  {
    const FullDisk full(20'000);
    EXPECT_THROW(train(run), FileError);
  }
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(folder.path())) left.push_back(entry.path().filename());
  std::ranges::sort(left);
  EXPECT_EQ(left, (std::vector<std::string>{".eft-files", "metrics.jsonl"}));
  EXPECT_EQ(read_metrics(folder.path()).size(), 2U);
}

TEST(ForwardCheck, training_and_cached_forward_agree) {
  const TestFolder folder;
  TinyRun run(folder.path());
  Pool pool(Device::cpu);
  for (const char* model : {"gemma3", "gemma4_e", "gemma4_dense"}) {
    run.job.base_model = fs::path("tests/golden/data") / model;
    const OpenedModel opened = open_for_training(run.job, pool);
    const ForwardCheck check = check_forward(*opened.model, pool, random_examples(5, 200, 1));
    EXPECT_TRUE(check.pass()) << model << " " << check.error;
    EXPECT_EQ(check.rows, 2);
  }
}

}  // namespace
}  // namespace eft::testing
