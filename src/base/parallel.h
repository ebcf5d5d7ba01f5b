#pragma once

#include <cstdint>
#include <functional>

namespace eft {

/// Threads that parallel loops and oneDNN use (OMP_NUM_THREADS or all cores).
int thread_count();

/// Index of the calling thread inside parallel_for, 0 outside.
int thread_index();

/// Calls body(begin, end) on disjoint ranges that cover [0, count), each of at least `grain` items but the last.
/// The split depends on count and grain only, so results never depend on the number of threads. Exceptions come through.
void parallel_for(std::int64_t count, std::int64_t grain,
                  const std::function<void(std::int64_t begin, std::int64_t end)>& body);

}  // namespace eft
