#include "base/hub_cache.h"

#include <cctype>
#include <cstdlib>

#include "base/cache_folder.h"
#include "base/error.h"
#include "base/file.h"

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

constexpr const char* kMainBranch = "main";

/// Whether `part` names something inside a folder: a revision comes from a file and must not lead out of the cache.
bool stays_inside(const fs::path& part) {
  for (const fs::path& step : part) {
    if (step == "..") return false;
  }
  return !part.empty() && part.is_relative();
}

}  // namespace

bool looks_like_hub_name(const std::string& path) {
  const auto slash = path.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == path.size()) return false;
  return path.find('/', slash + 1) == std::string::npos && path[0] != '.' && path[0] != '~';
}

std::optional<fs::path> cached_snapshot(HubKind kind, const std::string& name, const std::string& revision) {
  std::string folder = (kind == HubKind::model ? "models--" : "datasets--") + name;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path repository = cache_folder() / folder;
  if (!stays_inside(revision)) return std::nullopt;
  // A commit names its snapshot itself, a branch or tag has a file that holds the commit.
  std::string commit = revision;
  const fs::path reference = repository / "refs" / revision;
  if (fs::is_regular_file(reference)) commit = read_text(reference);
  std::erase_if(commit, [](unsigned char c) { return std::isspace(c) != 0; });
  const fs::path snapshot = repository / "snapshots" / commit;
  if (!stays_inside(commit) || !fs::is_directory(snapshot)) return std::nullopt;
  return snapshot;
}

std::string missing_from_hub_cache(HubKind kind, const std::string& name, const std::string& revision) {
  return fmt::format(
      "{0}: not a file or folder of this machine, and not in the cache of the Hugging Face hub; run 'hf download "
      "{0}{1}{2}' once",
      name, kind == HubKind::dataset ? " --repo-type dataset" : "", revision.empty() ? "" : " --revision " + revision);
}

fs::path local_model(const fs::path& path, const std::string& revision) {
  std::error_code ignored;
  if (fs::exists(path, ignored) || !looks_like_hub_name(path.string())) return path;
  const auto snapshot = cached_snapshot(HubKind::model, path.string(), revision.empty() ? kMainBranch : revision);
  if (!snapshot) throw FileError("{}", missing_from_hub_cache(HubKind::model, path.string(), revision));
  return *snapshot;
}

}  // namespace eft
