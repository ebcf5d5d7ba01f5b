#include "data/sources/files/glob.h"

#include <algorithm>

#include "base/error.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "*?[";

/// Whether `c` is in the class that begins at pattern[0] = '['; `pattern` moves behind the class.
bool takes_class(std::string_view& pattern, char c) {
  const bool negated = pattern.starts_with("[!");
  std::size_t i = negated ? 2 : 1;
  const std::size_t end = pattern.find(']', i + 1);
  bool found = false;
  while (i < end) {
    const bool range = i + 2 < end && pattern[i + 1] == '-';
    found = found || (range ? pattern[i] <= c && c <= pattern[i + 2] : pattern[i] == c);
    i += range ? 3 : 1;
  }
  pattern.remove_prefix(end + 1);
  return found != negated;
}

/// How many folders and files of a path are out of sight.
std::int64_t hidden_parts(const fs::path& path) {
  return std::count_if(path.begin(), path.end(), [](const fs::path& part) {
    const std::string name = part.string();
    return (name.starts_with('.') && name != "." && name != "..") || name.starts_with("__");
  });
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.starts_with("**/")) {
    for (std::size_t at = 0; at != std::string_view::npos; at = name.find('/', at)) {
      if (at > 0) ++at;
      if (matches_glob(pattern.substr(3), name.substr(at))) return true;
    }
    return false;
  }
  if (pattern == "**") return true;
  if (pattern[0] == '*') {
    for (std::size_t taken = 0;; ++taken) {
      if (matches_glob(pattern.substr(1), name.substr(taken))) return true;
      if (taken == name.size() || name[taken] == '/') return false;
    }
  }
  if (name.empty()) return false;
  if (pattern[0] == '[' && pattern.find(']', 2) != std::string_view::npos) {
    return name[0] != '/' && takes_class(pattern, name[0]) && matches_glob(pattern, name.substr(1));
  }
  if (pattern[0] == '?' ? name[0] == '/' : pattern[0] != name[0]) return false;
  return matches_glob(pattern.substr(1), name.substr(1));
}

std::vector<std::pair<std::string, fs::path>> files_below(const fs::path& folder) {
  std::vector<std::pair<std::string, fs::path>> files;
  try {
    for (const auto& entry :
         fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
      if (!entry.is_regular_file()) continue;
      files.emplace_back(entry.path().lexically_relative(folder).generic_string(), entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw FileError("{}: cannot list: {}", folder.string(), error.code().message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> find_files(const fs::path& folder, const std::string& pattern) {
  const fs::path whole = (folder / pattern).lexically_normal();
  if (fs::is_regular_file(whole)) return {whole};
  fs::path base;
  fs::path rest;
  for (const fs::path& part : whole) {
    const bool magic = !rest.empty() || part.string().find_first_of(kMagic) != std::string::npos;
    (magic ? rest : base) /= part;
  }
  if (base.empty()) base = ".";
  std::vector<fs::path> found;
  if (rest.empty() || !fs::is_directory(base)) return found;
  for (auto& [name, file] : files_below(base)) {
    if (matches_glob(rest.generic_string(), name) && hidden_parts(name) == hidden_parts(rest)) {
      found.push_back(std::move(file));
    }
  }
  return found;
}

}  // namespace eft
