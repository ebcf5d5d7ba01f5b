#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/load.h"
#include "train/checkpoints/trainer_state.h"
#include "train/job/job.h"
#include "train/optimizers/optimizer.h"

namespace eft {

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
