#include "data/data_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr std::array kTextEndings = {".json", ".jsonl", ".ndjson"};
constexpr std::array kOtherEndings = {".parquet", ".arrow", ".csv", ".txt", ".gz", ".zst"};

bool ends_with_one_of(const std::string& name, const auto& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](const char* ending) { return name.ends_with(ending); });
}

/// "owner/name", and nothing that looks like a path of this machine.
bool looks_like_hub_name(const std::string& path) {
  const auto slash = path.find('/');
  return slash != std::string::npos && slash > 0 && slash + 1 < path.size() &&
         path.find('/', slash + 1) == std::string::npos && path[0] != '.' && path[0] != '~' &&
         !ends_with_one_of(path, kTextEndings);
}

/// Where `hf download` keeps what it fetched, when there is a snapshot of the dataset `name`.
std::optional<fs::path> cached_snapshot(const std::string& name) {
  const auto variable = [](const char* key) { return fs::path(std::getenv(key) != nullptr ? std::getenv(key) : ""); };
  fs::path cache = variable("HF_HUB_CACHE");
  if (cache.empty() && !variable("HF_HOME").empty()) cache = variable("HF_HOME") / "hub";
  if (cache.empty()) cache = variable("HOME") / ".cache" / "huggingface" / "hub";
  std::string folder = "datasets--" + name;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path main = cache / folder / "refs" / "main";
  if (!fs::is_regular_file(main)) return std::nullopt;
  std::string revision = read_text(main);
  std::erase_if(revision, [](unsigned char c) { return std::isspace(c) != 0; });
  const fs::path snapshot = cache / folder / "snapshots" / revision;
  if (revision.empty() || !fs::is_directory(snapshot)) return std::nullopt;
  return snapshot;
}

[[noreturn]] void refuse_missing(const std::string& path) {
  if (path.find("://") != std::string::npos) {
    throw FileError("{}: not a file or folder; download it and set path to the result", path);
  }
  if (looks_like_hub_name(path)) {
    throw FileError(
        "{}: not a file or folder of this machine; for a dataset of the Hugging Face hub run 'hf download {} "
        "--repo-type dataset' once",
        path, path);
  }
  throw FileError("{}: no such file or folder", path);
}

void check_readable(const fs::path& file, const DatasetOptions& options) {
  if (options.ds_type || !ends_with_one_of(file.string(), kOtherEndings)) return;
  throw FileError("{}: {} files are not supported yet, expected .json or .jsonl; convert it to JSON lines",
                  file.string(), file.extension().string());
}

/// Every file below `folder`, sorted, with its name relative to it.
std::vector<std::pair<std::string, fs::path>> files_below(const fs::path& folder) {
  std::vector<std::pair<std::string, fs::path>> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
    if (!entry.is_regular_file()) continue;
    files.emplace_back(entry.path().lexically_relative(folder).generic_string(), entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> named_files(const DatasetOptions& options) {
  const fs::path folder =
      fs::is_directory(options.path) ? fs::path(options.path) : fs::path(options.path).parent_path();
  std::vector<fs::path> found;
  for (const std::string& pattern : options.data_files.items) {
    const std::size_t before = found.size();
    if (fs::is_regular_file(folder / pattern)) {
      found.push_back(folder / pattern);
    } else if (fs::is_regular_file(pattern)) {
      found.emplace_back(pattern);
    } else {
      for (const auto& [name, file] : files_below(folder)) {
        if (matches_glob(pattern, name)) found.push_back(file);
      }
    }
    if (found.size() == before) throw FileError("{}: data_files: no file matches '{}'", options.path, pattern);
  }
  return found;
}

std::vector<fs::path> files_of_split(const DatasetOptions& options, const std::string& split) {
  std::vector<std::pair<std::string, fs::path>> files = files_below(options.path);
  std::erase_if(files, [](const auto& file) {
    return !ends_with_one_of(file.first, kTextEndings) || fs::path(file.first).filename().string().front() == '.';
  });
  if (files.empty()) {
    throw FileError("{}: no .json or .jsonl file in this folder; name the files in data_files", options.path);
  }
  const bool named =
      std::any_of(files.begin(), files.end(), [](const auto& f) { return !split_of_name(f.first).empty(); });
  if (named) std::erase_if(files, [&](const auto& file) { return split_of_name(file.first) != split; });
  if (files.empty() || (!named && split != "train")) {
    throw ConfigError("{}: no file of split '{}' in this folder; set split or data_files", options.path, split);
  }
  std::vector<fs::path> paths;
  for (auto& [name, file] : files) paths.push_back(std::move(file));
  return paths;
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
  if (name.empty() || (pattern[0] == '?' ? name[0] == '/' : pattern[0] != name[0])) return false;
  return matches_glob(pattern.substr(1), name.substr(1));
}

std::string split_of_name(std::string_view name) {
  constexpr std::array<std::pair<const char*, const char*>, 8> kWords = {{{"train", "train"},
                                                                          {"training", "train"},
                                                                          {"test", "test"},
                                                                          {"testing", "test"},
                                                                          {"eval", "test"},
                                                                          {"evaluation", "test"},
                                                                          {"validation", "validation"},
                                                                          {"valid", "validation"}}};
  std::string word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i < name.size() && std::isalpha(static_cast<unsigned char>(name[i])) != 0) {
      word += name[i];
      continue;
    }
    if (word == "dev" || word == "val") return "validation";
    for (const auto& [spelling, split] : kWords) {
      if (word == spelling) return split;
    }
    word.clear();
  }
  return "";
}

DatasetOptions with_local_path(DatasetOptions options) {
  if (fs::exists(options.path)) return options;
  // "path: json" with data_files is how the `datasets` library is told a format.
  if (options.path == "json" && !options.data_files.empty()) {
    options.path = ".";
    return options;
  }
  const auto snapshot = looks_like_hub_name(options.path) ? cached_snapshot(options.path) : std::nullopt;
  if (!snapshot) refuse_missing(options.path);
  options.path = snapshot->string();
  return options;
}

std::vector<fs::path> find_data_files(const DatasetOptions& options, const std::string& split) {
  std::vector<fs::path> files;
  if (!options.data_files.empty()) {
    files = named_files(options);
  } else if (fs::is_directory(options.path)) {
    files = files_of_split(options, split);
  } else {
    files = {options.path};
  }
  const bool one_split = !fs::is_directory(options.path) || !options.data_files.empty();
  if (one_split && split != "train") {
    throw ConfigError("{}: has no split '{}'; a file or data_files has the split train only", options.path, split);
  }
  for (const fs::path& file : files) check_readable(file, options);
  return files;
}

}  // namespace eft
