#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "data/batches/loader.h"
#include "train/checkpoints/run_identity.h"
#include "train/optimizers/schedule.h"

namespace eft {

/// The evaluation with the smallest loss so far, and the checkpoint of its model.
struct BestModel {
  double eval_loss = 0;
  std::int64_t step = 0;
  std::filesystem::path checkpoint;
};

/// Where a run stands, beside weights and moments. Dropout and the learning rate follow from `step` (and evaluations),
/// the order of the rows from `cursor`: nothing else has to be kept for a continuation that is equal bit for bit.
struct TrainerState {
  std::int64_t step = 0;  ///< steps made
  std::int64_t total_steps = 0;
  LoaderCursor cursor;
  std::int64_t train_examples = 0;  ///< what the cursor counts in
  std::int64_t train_tokens = 0;
  std::int64_t evaluated_step = -1;  ///< steps made before the last evaluation; -1: there was none
  std::optional<BestModel> best;
  std::int64_t evaluations_without_gain = 0;  ///< in a row
  PlateauState plateau{};                     ///< what the schedule remembers of the evaluations
  std::int64_t steps_above_threshold = 0;     ///< of loss_watchdog_threshold, in a row
  RunIdentity run;                            ///< what a continuation must share
};

/// What trainer_state.json says of it.
nlohmann::ordered_json to_json(const TrainerState& state);

/// Where the run of a checkpoint stands, from the text of read_state(). Throws FileError that names key and value where
/// one is missing, of another type, or below zero.
TrainerState trainer_state_in(const nlohmann::ordered_json& json, const std::filesystem::path& folder);

}  // namespace eft
