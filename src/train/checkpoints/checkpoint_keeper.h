#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "train/checkpoints/checkpoint.h"

namespace eft {

/// The checkpoints of a run in its output folder: writes them, lets the oldest go, and knows which model is the best.
class CheckpointKeeper {
 public:
  /// Tells the user something that stays on the screen.
  using Say = std::function<void(const std::string& line)>;
  /// Whether a run must end when a checkpoint cannot be written: `needed` whatever the options say.
  enum class Need { as_the_options_say, needed };

  /// All of these must outlive the keeper.
  CheckpointKeeper(const TrainJob& job, OpenedModel& opened, Pool& pool, Optimizer& optimizer)
      : job_(job), opened_(opened), pool_(pool), optimizer_(optimizer) {}

  /// Takes up weights, optimizer and state of a checkpoint. Throws when it is damaged, of another model, or its best
  /// model is wanted and gone.
  TrainerState resume(const std::filesystem::path& checkpoint);
  /// Counts an evaluation in `state`; returns whether the model is the best so far.
  bool count_evaluation(TrainerState& state, double eval_loss);
  /// Writes the checkpoint of `state` and lets those go that are too many; the best one stays where it is wanted.
  /// Throws FileError when that fails and the run must end; otherwise says so, and what was the best before is it
  /// again.
  void write(TrainerState& state, Need need, const Say& say);
  /// Takes up the weights of the best model, where it is wanted as the result and is not the one at hand.
  void restore_best(const TrainerState& state, const Say& say);

 private:
  void remove_old(const TrainerState& state, const Say& say);

  const TrainJob& job_;
  OpenedModel& opened_;
  Pool& pool_;
  Optimizer& optimizer_;
  std::vector<std::filesystem::path> folders_;  ///< of this run, oldest first
  std::optional<BestModel> earlier_best_;       ///< before the last one was found
};

}  // namespace eft
