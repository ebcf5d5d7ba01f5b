#pragma once

#include "data/store/example.h"
#include "report/memory_facts.h"
#include "tensor/out_of_memory.h"
#include "train/job/job.h"

namespace eft {

/// `planned` and, when it is above `budget`, the settings to lower one after the other until it is not:
/// gradient_checkpointing, micro_batch_size, sequence_len.
MemoryPlan plan_for_budget(const TrainJob& job, const PackedRow& largest, const MemoryFacts& planned,
                           std::int64_t budget);

/// What a run that went out of memory tells its user: where that was, what was planned, and the settings to lower.
DeviceError with_plan(const OutOfMemory& error, const TrainJob& job, const PackedRow& largest,
                      const MemoryFacts& planned);

}  // namespace eft
