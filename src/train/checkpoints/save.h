#pragma once

#include <filesystem>

#include "models/load.h"
#include "train/job/job.h"

namespace eft {

/// Writes what was trained into an existing folder: a PEFT adapter, or a whole Hugging Face model; beside it the
/// tokenizer's files and the chat template that was trained.
void write_weights(const TrainJob& job, const OpenedModel& opened, const std::filesystem::path& folder);

/// Puts the result of a run into output_dir, all of it or nothing. Weights that an earlier run left there go.
void save_result(const TrainJob& job, const OpenedModel& opened);

}  // namespace eft
