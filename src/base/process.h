#pragma once

#include <cstdint>

namespace eft {

/// Bytes that this process takes now, as the system counts them, and took at most so far; 0 when unknown.
std::int64_t resident_memory();
std::int64_t peak_resident_memory();

/// Seconds since this process was started, to a hundredth; 0 when unknown.
double process_seconds();

}  // namespace eft
