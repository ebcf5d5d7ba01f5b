#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/metrics.h"
#include "report/progress.h"
#include "train/checkpoint.h"
#include "train/schedule.h"
#include "train/step_plan.h"
#include "train/stepper.h"

namespace eft {

/// The rows of a run.
struct TrainRows {
  std::span<const Example> train;
  std::span<const Example> eval;
};

/// How the training rows of a job are batched.
LoaderOptions train_loader_options(const TrainJob& job);

/// A fine-tuning run over an opened model: steps, evaluations, checkpoints and the result in output_dir.
class Trainer {
 public:
  /// All of these must outlive the trainer.
  Trainer(const TrainJob& job, OpenedModel& opened, Pool& pool, TrainRows rows);

  const StepPlan& plan() const { return plan_; }
  const Loader& loader() const { return loader_; }
  /// Steps made so far.
  std::int64_t step() const { return state_.step; }
  /// Memory of the step that needed most.
  const MemoryUse& peak() const { return peak_; }

  /// Continues where `checkpoint` stands. Throws when it is of another model or other rows.
  void resume(const std::filesystem::path& checkpoint);

  /// Trains to the last step and writes the result. When `stop` asks for an end the step is finished and a checkpoint
  /// written; false then. Throws DataError when loss or gradient is not finite (names the rows).
  bool run(Progress& progress, const std::function<bool()>& stop);

 private:
  /// The micro batches of the next step: those of gradient_accumulation_steps, or what the epoch still has.
  std::vector<PackedRow> draw();
  StepMetrics train_step(const std::vector<PackedRow>& batches);
  void evaluate_now(Progress& progress, const std::function<bool()>& stop);
  void save_checkpoint_now(Progress& progress);
  [[noreturn]] void refuse(const StepResult& result, const std::vector<PackedRow>& batches) const;

  const TrainJob& job_;
  OpenedModel& opened_;
  Pool& pool_;
  TrainRows rows_;
  Loader loader_;
  StepPlan plan_;
  Adamw optimizer_;
  Stepper stepper_;
  Schedule schedule_;
  TrainerState state_;
  MemoryUse peak_;
  std::optional<MetricsFile> metrics_;
  std::vector<std::filesystem::path> checkpoints_;  // of this run, oldest first
};

}  // namespace eft
