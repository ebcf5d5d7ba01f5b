#pragma once

#include "train/optimizers/schedule.h"

namespace eft {

/// A shape of the learning rate.
struct ScheduleShape {
  ScheduleKind kind;
  bool warms_up;         ///< whether the run's warm-up counts
  bool counts_from_one;  ///< Axolotl's class is one step ahead of the run
  /// Share of the peak.
  double (*share)(const RunPosition&, const ScheduleOptions&);
};

const ScheduleShape& shape_of(ScheduleKind kind);

}  // namespace eft
