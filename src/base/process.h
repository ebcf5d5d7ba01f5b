#pragma once

#include <cstdint>
#include <string>

namespace eft {

/// The number of a line "key: number kB" of one of the system's files, in bytes; 0 when there is none.
std::int64_t bytes_of_line(const char* file, const std::string& key);

/// Bytes that this process takes now, as the system counts them, and took at most so far; 0 when unknown.
std::int64_t resident_memory();
std::int64_t peak_resident_memory();

/// Bytes that this process may still take: free memory and what the cgroup leaves; 0 when unknown.
std::int64_t available_memory();

/// Gives memory that was freed, and that the C library keeps for later, back to the system.
void give_back_heap();

/// Seconds since this process was started, to a hundredth; 0 when unknown.
double process_seconds();

}  // namespace eft
