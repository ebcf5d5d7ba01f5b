#include "cli/output_files.h"

#include <string>

#include "base/error.h"
#include "base/owned_folder.h"

namespace eft {

namespace fs = std::filesystem;

void require_new_folder(const fs::path& folder) {
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError("{}: is a file, expected a folder", folder.string());
  std::vector<std::string> names = names_in(folder);
  std::erase(names, ".model.tmp");  // of a command that was killed
  if (names.empty()) return;
  throw ConfigError("{}: already holds {}; give another folder", folder.string(), words_for_contents(names));
}

void require_new_file(const char* option, const fs::path& file, const std::vector<fs::path>& inputs, bool force) {
  if (!fs::exists(fs::symlink_status(file))) return;
  for (const fs::path& input : inputs) {
    std::error_code other;
    if (fs::equivalent(file, input, other)) {
      throw ConfigError("{}: {}: is read by this run; give another file", option, file.string());
    }
  }
  if (!fs::is_regular_file(file))
    throw ConfigError("{}: {}: is there and no regular file; give another", option, file.string());
  if (!force)
    throw ConfigError("{}: {}: is there already; give another file, or --force to replace it", option, file.string());
}

}  // namespace eft
