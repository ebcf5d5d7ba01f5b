#pragma once

#include <filesystem>
#include <string>

#include "base/profile.h"

namespace eft {

/// The table of a profile: for each kernel calls and seconds a step, its share, what its products reach in all and of
/// the peak, and its bytes a second; then the products by size.
std::string to_text(const Profile& profile);

/// Writes the kept calls in the format that chrome://tracing and Perfetto open. Throws FileError.
void write_trace(const std::filesystem::path& path, const Profile& profile);

}  // namespace eft
