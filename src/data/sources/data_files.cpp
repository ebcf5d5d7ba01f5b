#include "data/sources/data_files.h"

#include <iterator>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/hub_cache.h"
#include "data/sources/files/folder_splits.h"
#include "data/sources/files/glob.h"
#include "data/sources/files/row_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

bool is_hub_name(const std::string& path) { return looks_like_hub_name(path) && !type_of_name(path); }

[[noreturn]] void refuse_missing(const DatasetOptions& options) {
  const std::string& path = options.path;
  if (path.find("://") != std::string::npos) {
    throw FileError("{}: not a file or folder; download it and set path to the result", path);
  }
  if (path.find_first_of("*?") != std::string::npos) {
    throw FileError("{}: no such file or folder; for a pattern set path to the folder and data_files to the pattern",
                    path);
  }
  if (is_hub_name(path)) {
    throw FileError("{}", missing_from_hub_cache(HubKind::dataset, path, options.revision.value_or("")));
  }
  throw FileError("{}: no such file or folder", path);
}

/// The type that `path` names instead of a place, as the `datasets` library is told a format.
std::optional<DatasetFileType> type_named(const std::string& path) {
  for (const auto& [type, name] : enum_names(DatasetFileType())) {
    if (path == name) return type;
  }
  return std::nullopt;
}

std::vector<fs::path> named_files(const DatasetOptions& options) {
  const fs::path folder =
      fs::is_directory(options.path) ? fs::path(options.path) : fs::path(options.path).parent_path();
  std::vector<fs::path> found;
  for (const std::string& pattern : options.data_files.items) {
    auto files = find_files(folder, pattern);
    if (files.empty()) files = find_files("", pattern);
    if (files.empty()) throw FileError("{}: data_files: no file matches '{}'", options.path, pattern);
    std::move(files.begin(), files.end(), std::back_inserter(found));
  }
  return found;
}

std::vector<fs::path> files_of_split(const DatasetOptions& options, const std::string& split) {
  std::string names;
  for (SplitFiles& known : splits_of_folder(options)) {
    if (known.split == split) {
      if (known.files.empty()) throw FileError("{}: the files of split '{}' are missing", options.path, split);
      return std::move(known.files);
    }
    names += (names.empty() ? "" : ", ") + known.split;
  }
  throw ConfigError("{}: no split '{}', the dataset has {}; set split or data_files", options.path, split, names);
}

}  // namespace

DatasetOptions with_local_path(DatasetOptions options) {
  if (fs::exists(options.path)) return options;
  if (const auto type = type_named(options.path); type && !options.data_files.empty()) {
    options.path = ".";
    if (!options.ds_type) options.ds_type = type;
    return options;
  }
  const auto snapshot = is_hub_name(options.path)
                            ? cached_snapshot(HubKind::dataset, options.path, options.revision.value_or("main"))
                            : std::nullopt;
  if (!snapshot) refuse_missing(options);
  options.path = snapshot->string();
  return options;
}

std::string default_split(const DatasetOptions& options, bool for_evaluation) {
  const bool has_splits = options.data_files.empty() && fs::is_directory(options.path) && !is_saved_split(options.path);
  return for_evaluation && has_splits ? "test" : "train";
}

std::vector<fs::path> find_data_files(const DatasetOptions& options, const std::string& split) {
  if (options.data_files.empty() && fs::is_directory(options.path)) return files_of_split(options, split);
  if (split != "train") {
    throw ConfigError("{}: has no split '{}'; a file or data_files has the split train only", options.path, split);
  }
  if (options.data_files.empty()) return {options.path};
  return named_files(options);
}

}  // namespace eft
