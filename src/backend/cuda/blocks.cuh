#pragma once

#include "backend/cuda/runtime.cuh"

namespace eft::cuda {

/// Device memory in the order of the runtime's stream: from the driver's pool or, after use_own_blocks, from stretches
/// that are cut up here, so that having and giving back memory is no work of the stream. Null when there is none left.
void* allocate_block(std::int64_t bytes);
/// Errors are left for the next call: this runs in destructors.
void release_block(void* data);
/// Gives unused memory back to the device, unless work is being recorded.
void trim_blocks();

/// From now on blocks come from stretches of our own. Those that are in use stay where they are.
void use_own_blocks();

}  // namespace eft::cuda
