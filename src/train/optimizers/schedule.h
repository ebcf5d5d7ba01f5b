#pragma once

#include <cstdint>

#include "train/train_options.h"

namespace eft {

/// The learning rate of each step, equal to Transformers' get_scheduler.
class Schedule {
 public:
  Schedule(ScheduleKind kind, double peak, std::int64_t warmup_steps, std::int64_t total_steps);
  /// Rate of optimizer step `step`, counted from 0.
  double at(std::int64_t step) const;

 private:
  ScheduleKind kind_;
  double peak_;
  std::int64_t warmup_;
  std::int64_t total_;
};

}  // namespace eft
