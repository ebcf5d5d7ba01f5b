#pragma once

#include <filesystem>

namespace eft {

/// Where programs keep what they can make again: XDG_CACHE_HOME, or .cache in the user's HOME. Empty where neither is
/// set.
std::filesystem::path user_cache_folder();

}  // namespace eft
