#pragma once

#include "data/batches/loader.h"
#include "report/run_facts.h"
#include "train/job/job.h"
#include "train/loop/stepper.h"

namespace eft {

/// Peak bytes of a step on `device` over micro batches like `largest`, by running it on the meta device.
MemoryFacts plan_memory(const TrainJob& job, const PackedRow& largest, Device device = Device::cpu);

/// How a run is to use the memory there is.
struct MemoryFit {
  MemoryFacts memory;      ///< of its steps, made that way
  bool recompute = false;  ///< whether gradient_checkpointing is to be on
  std::string note;        ///< why it is, or should be; empty: nothing to say
};

/// Plans the steps of a run beside `available` bytes (0: unknown). Where gradient_checkpointing is left out,
/// recomputing is chosen when a step would not fit otherwise.
MemoryFit fit_memory(const TrainJob& job, const PackedRow& largest, std::int64_t available,
                     Device device = Device::cpu);

/// The micro batch of a loader's first epoch with the most images, and of these with the most tokens, given as many
/// tokens and labels as any of them has: logits, and the last layer, need memory for labels only. Its images have no
/// values.
PackedRow largest_batch(Loader loader);

/// Bytes of `use` by the names of their categories.
std::vector<std::pair<std::string, std::int64_t>> bytes_by_name(const MemoryUse& use);

}  // namespace eft
