#include "base/owned_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace eft {

namespace fs = std::filesystem;

namespace {

constexpr const char* kHead = "# Files that eft wrote into this folder: it replaces and removes these, and no others.";

}  // namespace

OwnedFolder::OwnedFolder(fs::path folder) : folder_(std::move(folder)) {
  if (!fs::exists(folder_ / kList)) return;
  has_list_ = true;
  std::istringstream lines(read_text(folder_ / kList));
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.front() != '#') names_.insert(line);
  }
}

void OwnedFolder::adopt(const std::vector<std::string>& names) {
  const bool known = std::ranges::all_of(names, [&](const std::string& name) { return owns(name); });
  if (has_list_ && known) return;
  names_.insert(names.begin(), names.end());
  write_text(folder_ / kList, fmt::format("{}\n{}\n", kHead, fmt::join(names_, "\n")));
  has_list_ = true;
}

void OwnedFolder::claim(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (owns(name) || !fs::exists(fs::symlink_status(folder_ / name))) continue;
    throw FileError("{}: was not written by eft, which leaves it as it is; move it away or set another folder",
                    (folder_ / name).string());
  }
  adopt(names);
}

std::string words_for_contents(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 2;
  const auto has = [&](std::string_view begin, std::string_view end) {
    return std::ranges::any_of(names, [&](const std::string& n) { return n.starts_with(begin) && n.ends_with(end); });
  };
  const bool adapter = has("adapter_", "");
  const bool model = has("model", ".safetensors") || has("model", ".safetensors.index.json") || has("config.json", "");
  const char* kind = adapter && model ? "a model and an adapter" : adapter ? "an adapter" : model ? "a model" : "files";
  // Those that say what it is first.
  std::vector<std::string> shown = names;
  std::ranges::stable_partition(
      shown, [](const std::string& n) { return n.starts_with("adapter_") || n.starts_with("model"); });
  const std::size_t more = shown.size() - std::min(shown.size(), kShown);
  shown.resize(std::min(shown.size(), kShown));
  return fmt::format("{} ({}{})", kind, fmt::join(shown, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  if (!fs::exists(folder, error)) return names;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) throw FileError("{}: cannot be listed: {}", folder.string(), error.message());
  std::ranges::sort(names);
  return names;
}

}  // namespace eft
