#pragma once

#include <cstddef>

namespace eft {

/// Remembers the file behind mapped bytes until forget_mapping; `path` must live as long. Safe from any thread.
void remember_mapping(const void* data, std::size_t size, const char* path);
void forget_mapping(const void* data);

/// From now on a read of mapped bytes that the file no longer has (it was cut short, its disk fails) ends the process
/// with one line that names the file, and with exit code 4, in place of a bare SIGBUS. Nothing can be thrown there: the
/// read may be anywhere, in a kernel on another thread.
void explain_lost_mappings();

}  // namespace eft
