#pragma once

#include <cstdint>

#include "train/train_options.h"

namespace eft {

/// When something happens in a run, beside its last step.
struct Period {
  std::int64_t every = 0;  ///< steps; 0: not by steps
  bool each_epoch = false;

  bool active() const { return every > 0 || each_epoch; }
};

/// The numbers that follow from the options of a run and the size of its first epoch, counted as Transformers counts.
struct StepPlan {
  std::int64_t steps = 0;
  std::int64_t steps_per_epoch = 0;  ///< the last one of an epoch may hold fewer micro batches
  std::int64_t warmup_steps = 0;
  std::int64_t logging_steps = 1;
  Period save;
  Period eval;

  /// Whether `period` is due after `step` steps.
  bool due(const Period& period, std::int64_t step, bool epoch_ended) const {
    if (!period.active()) return false;
    return step == steps || (period.every > 0 && step % period.every == 0) || (period.each_epoch && epoch_ended);
  }
};

/// Without a known number of batches (0) the whole run counts as one epoch.
StepPlan plan_steps(const TrainOptions& options, std::int64_t batches_per_epoch, bool has_eval_rows);

}  // namespace eft
