#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eft {

/// Whether `name` matches `pattern`: ? is one character, [a-z] and [!a-z] one of some or of others, * any number of
/// them, none a slash; **/ any folders.
bool matches_glob(std::string_view pattern, std::string_view name);

/// Every file below `folder` with its name relative to it, in the order of the names. Links are followed. Throws
/// FileError.
std::vector<std::pair<std::string, std::filesystem::path>> files_below(const std::filesystem::path& folder);

/// The files that `pattern` means, taken from `folder` unless it is absolute, in the order of their names: one file by
/// its name, or those that match. A name that begins with a dot or with __ matches only what spells that out.
std::vector<std::filesystem::path> find_files(const std::filesystem::path& folder, const std::string& pattern);

}  // namespace eft
