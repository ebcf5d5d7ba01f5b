#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/profile.h"
#include "report/metrics_file.h"
#include "report/progress.h"
#include "train/checkpoints/checkpoint_keeper.h"
#include "train/optimizers/schedule.h"
#include "train/loop/step_plan.h"
#include "train/loop/evaluate.h"
#include "train/loop/stepper.h"

namespace eft {

/// The rows of a run.
struct TrainRows {
  Examples train;
  Examples eval;
  std::shared_ptr<ExampleStream> stream = nullptr;  ///< what to train on when it is given, else `train`
};

/// What a run is asked for from outside, each looked at after every step; an empty function asks for nothing.
struct RunRequests {
  std::function<bool()> stop;  ///< to end: the step is finished and a checkpoint written
  std::function<bool()> save;  ///< to write a checkpoint and go on, as a file checkpoint_now in output_dir asks too
};

/// How the training rows of a job are batched, and those of evaluation.
LoaderOptions train_loader_options(const TrainJob& job);
LoaderOptions eval_loader_options(const TrainJob& job);
Loader train_loader(const TrainJob& job, const TrainRows& rows);

/// A fine-tuning run over an opened model: steps, evaluations, checkpoints and the result in output_dir.
class Trainer {
 public:
  /// All of these must outlive the trainer.
  Trainer(const TrainJob& job, OpenedModel& opened, Pool& pool, TrainRows rows);

  const Optimizer& optimizer() const { return *optimizer_; }
  const StepPlan& plan() const { return plan_; }
  const Loader& loader() const { return loader_; }
  const TrainingObjective& objective() const { return *objective_; }
  /// Steps made so far.
  std::int64_t step() const { return state_.step; }
  /// Memory of the step that needed most.
  const MemoryUse& peak() const { return peak_; }

  /// From now on steps are bracketed in `profile`, which must outlive the run.
  void watch(Profile& profile) { profile_ = &profile; }
  /// From now on `sink` gets the metrics of the run too, beside metrics.jsonl and the progress; it must outlive the
  /// run.
  void add_sink(MetricsSink& sink) { sinks_.push_back({&sink}); }

  /// Continues where `checkpoint` stands. Throws when it is of another model or other rows.
  void resume(const std::filesystem::path& checkpoint);

  /// Trains to the last step, or until evaluations stop gaining, and writes the result; false when it was asked to
  /// stop. Throws DataError when loss or gradient is not finite (names step, rows and tensor).
  bool run(Progress& progress, const RunRequests& requests);

 private:
  /// A receiver of metrics, and whether it could not write the last ones.
  struct Sink {
    MetricsSink* sink;
    bool fails = false;
  };

  void begin(Progress& progress, const RunRequests& requests);
  void make_step();
  /// Evaluates where that belongs after the last step; returns whether the model is the best so far.
  bool evaluate_if_due();
  void keep_checkpoint_if_due(bool stepped, bool best);
  /// Both end a run; they return what `run` does.
  bool stop();
  bool finish();

  /// Whether there is no step left to make.
  bool done() const;
  /// Whether the loss has been above its threshold for as many steps as the options let pass.
  bool astray() const;
  void watch_loss(double loss);
  /// Whether the evaluation that belongs after the last step has not been made.
  bool evaluation_due() const;
  /// Whether the run is asked to stop while there is something left to do.
  bool stop_requested() const;
  bool checkpoint_requested() const;
  /// The micro batches of the next step: those of gradient_accumulation_steps, or what the epoch still has.
  std::vector<PackedRow> draw();
  /// Stops or lets pass a step that changed nothing, as the options say.
  void refuse(const StepResult& result, const std::vector<PackedRow>& batches);
  template <class Metrics>
  void record(const Metrics& metrics);
  void say(const std::string& line) { progress_->say(line); }

  const TrainJob& job_;
  OpenedModel& opened_;
  Pool& pool_;
  TrainRows rows_;
  Loader loader_;
  StepPlan plan_;
  std::unique_ptr<TrainingObjective> objective_;
  std::unique_ptr<Optimizer> optimizer_;
  Stepper stepper_;
  Schedule schedule_;
  CheckpointKeeper checkpoints_;
  TrainerState state_;
  MemoryUse peak_;
  Profile* profile_ = nullptr;
  std::optional<MetricsFile> metrics_;
  std::vector<Sink> sinks_;
  Progress* progress_ = nullptr;  ///< while it runs
  RunRequests requests_;
  std::int64_t skipped_ = 0;  ///< steps in a row
};

}  // namespace eft
