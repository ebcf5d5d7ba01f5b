#pragma once

#include "report/checklist.h"
#include "train/job/job.h"

namespace eft {

/// `eft doctor`: the checklist of a new model or set-up. Reads the rows, opens the model and looks, one after the other,
/// at what a run relies on; what fails is a finding, not an exception, and what depends on it is left out.
Checklist examine(const TrainJob& job);

}  // namespace eft
