#pragma once

#include "data/dataset.h"
#include "report/run_facts.h"
#include "train/loop/trainer.h"

namespace eft {

/// Everything that is said about a run before its first step, but the planned memory.
RunFacts collect_facts(const TrainJob& job, const OpenedModel& opened, const PreparedData& data,
                       const Trainer& trainer);

}  // namespace eft
