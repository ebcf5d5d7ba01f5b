#pragma once

#include <cstdint>
#include <limits>

#include "train/optimizers/schedule_options.h"

namespace eft {

/// Where a step stands in a run, all in steps.
struct RunPosition {
  double step;
  double warmup;
  double total;

  /// Share of the steps after the warm-up that are made.
  double progress() const { return (step - warmup) / (total - warmup > 1 ? total - warmup : 1); }
};

/// What reduce_lr_on_plateau remembers of the evaluations; a checkpoint keeps it.
struct PlateauState {
  double best = std::numeric_limits<double>::infinity();
  std::int64_t bad_evaluations = 0;
  std::int64_t cooldown = 0;
  double share = 1;  ///< of the peak
};

/// The learning rate of each step, equal to that of Transformers, torch and Axolotl.
class Schedule {
 public:
  Schedule(const ScheduleOptions& options, std::int64_t total_steps);
  /// Rate of optimizer step `step`, counted from 0.
  double at(std::int64_t step) const;

  /// An evaluation, which only reduce_lr_on_plateau looks at.
  void count_evaluation(double loss);
  const PlateauState& plateau() const { return plateau_; }
  void restore(const PlateauState& state) { plateau_ = state; }

 private:
  /// What the restarts leave of the rate at a step, counted as their class does.
  double jagged_share(std::int64_t step) const;

  ScheduleOptions options_;
  std::int64_t warmup_;
  std::int64_t total_;
  PlateauState plateau_{};
};

}  // namespace eft
