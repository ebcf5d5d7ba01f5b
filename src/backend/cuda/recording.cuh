#pragma once

#include "backend/cuda/runtime.cuh"

namespace eft::cuda {

/// Work of the runtime's stream as one CUDA graph: recorded from begin_recording on, while nothing of it runs, then
/// launched by run_recorded. A graph of as many nodes as an earlier one only changes that one, if CUDA lets it.
void begin_recording();
void run_recorded();
void drop_recorded();
bool is_recording();

/// The same as copy_from_host while work is recorded: the pinned bytes stay as they are until the graph has run.
void record_copy_from_host(cudaStream_t stream, void* to, const char* host, std::int64_t bytes);

}  // namespace eft::cuda
