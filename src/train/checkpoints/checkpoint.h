#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/batches/loader.h"
#include "models/load.h"
#include "train/checkpoints/run_identity.h"
#include "train/job/job.h"
#include "train/optimizers/optimizer.h"

namespace eft {

/// The evaluation with the smallest loss so far, and the checkpoint of its model.
struct BestModel {
  double eval_loss = 0;
  std::int64_t step = 0;
  std::filesystem::path checkpoint;
};

/// Where a run stands, beside weights and moments. Dropout and the learning rate follow from `step`, the order of the
/// rows from `cursor`: nothing else has to be kept for a continuation that is equal bit for bit.
struct TrainerState {
  std::int64_t step = 0;  ///< steps made
  std::int64_t total_steps = 0;
  LoaderCursor cursor;
  std::int64_t train_examples = 0;  ///< what the cursor counts in
  std::int64_t train_tokens = 0;
  std::int64_t evaluated_step = -1;  ///< steps made before the last evaluation; -1: there was none
  std::optional<BestModel> best;
  std::int64_t evaluations_without_gain = 0;  ///< in a row
  RunIdentity run;                            ///< what a continuation must share
};

/// output_dir/checkpoint-STEP.
std::filesystem::path checkpoint_folder(const TrainJob& job, std::int64_t step);

/// Writes checkpoint_folder: the weights as in a result, optimizer.safetensors and trainer_state.json. The
/// folder appears only when complete; throws FileError and leaves nothing behind when the disk is full. Returns it.
std::filesystem::path save_checkpoint(const TrainJob& job, const OpenedModel& opened, const Optimizer& optimizer,
                                      const TrainerState& state);

/// Takes up weights and moments of a checkpoint in a model that was opened for the same job. Throws FileError or
/// ConfigError when the folder holds something else.
TrainerState load_checkpoint(const std::filesystem::path& folder, const TrainJob& job, OpenedModel& opened, Pool& pool,
                             Optimizer& optimizer);

/// Takes up the weights only.
void load_weights(const std::filesystem::path& folder, const TrainJob& job, OpenedModel& opened, Pool& pool);

/// One line for each option whose value is not the one the checkpoint was made with.
std::vector<std::string> changed_options(const std::filesystem::path& folder, const TrainJob& job);

/// The complete checkpoint folders in `output_dir` in the order in which they were written.
std::vector<std::filesystem::path> list_checkpoints(const std::filesystem::path& output_dir);

}  // namespace eft
