#pragma once

#include <filesystem>
#include <vector>

namespace eft {

/// Throws ConfigError unless `folder`, which a command is to fill, is missing or empty; FileError where it is a file.
void require_new_folder(const std::filesystem::path& folder);

/// Throws ConfigError where `file`, which `option` asks to write, is one of those that the command reads, or is there
/// already and `force` does not say that it may be replaced.
void require_new_file(const char* option, const std::filesystem::path& file,
                      const std::vector<std::filesystem::path>& inputs, bool force);

}  // namespace eft
