#pragma once

#include <cstdint>

#include "train/optimizers/schedule_options.h"

namespace eft {

/// Where a step stands behind the warm-up of a run, in steps.
struct AfterWarmup {
  double done;
  double left;
  double all;  ///< at least 1
};

/// The learning rate of each step, equal to Transformers' get_scheduler.
class Schedule {
 public:
  Schedule(const ScheduleOptions& options, std::int64_t total_steps);
  /// Rate of optimizer step `step`, counted from 0.
  double at(std::int64_t step) const;

 private:
  ScheduleOptions options_;
  double (*share_)(const AfterWarmup&, const ScheduleOptions&);  ///< of the peak
  std::int64_t warmup_;
  std::int64_t total_;
};

}  // namespace eft
