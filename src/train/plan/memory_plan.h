#pragma once

#include "data/batches/loader.h"
#include "report/run_facts.h"
#include "train/job/job.h"
#include "train/loop/stepper.h"

namespace eft {

/// Peak bytes of a step on `device` over micro batches like `largest`, by running it on the meta device.
MemoryFacts plan_memory(const TrainJob& job, const PackedRow& largest, Device device = Device::cpu);

/// Plans the steps of a run beside `available` bytes (0: unknown). Where gradient_checkpointing is left out it is
/// switched on when a step would not fit otherwise; what was decided, or would be better, is added to the job's notes.
MemoryFacts fit_memory(TrainJob& job, const PackedRow& largest, std::int64_t available, Device device = Device::cpu);

/// The micro batch of a loader's first epoch with the most tokens, given as many labels as any of them has: logits, and
/// the last layer, need memory for these only.
PackedRow largest_batch(Loader loader);

/// Bytes that this process may still take: free memory and what the cgroup leaves; 0 when unknown.
std::int64_t available_memory();

/// Bytes of `use` by the names of their categories.
std::vector<std::pair<std::string, std::int64_t>> bytes_by_name(const MemoryUse& use);

}  // namespace eft
