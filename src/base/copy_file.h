#pragma once

#include <filesystem>

namespace eft {

/// Copies a file as AtomicFile writes one, a part at a time, so that a long one takes no memory. Throws FileError.
void copy_atomically(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace eft
