#include "data/sources/files/hub_cache.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/cache_folder.h"
#include "base/file.h"
#include "data/sources/files/row_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

fs::path variable(const char* key) {
  const char* value = std::getenv(key);
  return value != nullptr ? value : "";
}

/// Where the hub's own tools keep what they fetch.
fs::path cache_folder() {
  for (const char* key : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
    if (!variable(key).empty()) return variable(key);
  }
  if (!variable("HF_HOME").empty()) return variable("HF_HOME") / "hub";
  return user_cache_folder() / "huggingface" / "hub";
}

}  // namespace

bool looks_like_hub_name(const std::string& path) {
  const auto slash = path.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == path.size()) return false;
  return path.find('/', slash + 1) == std::string::npos && path[0] != '.' && path[0] != '~' && !type_of_name(path);
}

std::optional<fs::path> cached_snapshot(const std::string& name, const std::string& revision) {
  std::string folder = "datasets--" + name;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path dataset = cache_folder() / folder;
  // A commit names its snapshot itself, a branch or tag has a file that holds the commit.
  std::string commit = revision;
  const fs::path reference = dataset / "refs" / revision;
  if (fs::is_regular_file(reference)) commit = read_text(reference);
  std::erase_if(commit, [](unsigned char c) { return std::isspace(c) != 0; });
  const fs::path snapshot = dataset / "snapshots" / commit;
  if (commit.empty() || !fs::is_directory(snapshot)) return std::nullopt;
  return snapshot;
}

}  // namespace eft
