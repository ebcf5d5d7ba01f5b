#include "data/sources/files/folder_splits.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/json.h"
#include "data/sources/files/dataset_card.h"
#include "data/sources/files/glob.h"
#include "data/sources/files/row_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using NamedFile = std::pair<std::string, fs::path>;

constexpr std::array<const char*, 3> kSplits = {"train", "validation", "test"};
constexpr std::array<std::pair<const char*, const char*>, 10> kWords = {{{"train", "train"},
                                                                         {"training", "train"},
                                                                         {"validation", "validation"},
                                                                         {"valid", "validation"},
                                                                         {"dev", "validation"},
                                                                         {"val", "validation"},
                                                                         {"test", "test"},
                                                                         {"testing", "test"},
                                                                         {"eval", "test"},
                                                                         {"evaluation", "test"}}};
constexpr std::string_view kBetweenWords = "-._ 0123456789";
constexpr const char* kShard = "data/*-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]*.*";
constexpr std::size_t kShardNumbers = std::string_view("-00000-of-00000").size();

/// What stands beside the rows without being any.
bool is_about_the_dataset(const fs::path& file) {
  static const std::set<std::string> kNames = {"config.json", "dataset_info.json", "dataset_infos.json",
                                               "dataset_dict.json", "state.json"};
  return kNames.contains(file.filename().string());
}

/// A name out of a file that `save_to_disk` wrote, which stays inside its folder.
std::string name_inside(const nlohmann::ordered_json& value, const fs::path& file) {
  const std::string name = value.is_string() ? value.get<std::string>() : "";
  if (name.empty() || name == ".." || name.find('/') != std::string::npos) {
    throw FileError("{}: {}, expected the name of a file or folder beside it", file.string(), brief(value));
  }
  return name;
}

/// The files of one saved dataset, in their order.
std::vector<fs::path> saved_files(const fs::path& folder) {
  const auto state = read_json_object<FileError>(folder / "state.json");
  std::vector<fs::path> files;
  for (const auto& file : state.value("_data_files", nlohmann::ordered_json::array())) {
    if (!file.is_object()) continue;
    files.push_back(folder / name_inside(file.value("filename", nlohmann::ordered_json()), folder / "state.json"));
  }
  if (files.empty()) throw FileError("{}: names no _data_files", (folder / "state.json").string());
  return files;
}

std::vector<SplitFiles> saved_splits(const fs::path& folder) {
  if (is_saved_split(folder)) return {{"train", saved_files(folder)}};
  std::vector<SplitFiles> splits;
  if (!fs::is_regular_file(folder / "dataset_dict.json")) return splits;
  const fs::path list = folder / "dataset_dict.json";
  for (const auto& split : read_json_object<FileError>(list).value("splits", nlohmann::ordered_json::array())) {
    const std::string name = name_inside(split, list);
    splits.push_back({name, saved_files(folder / name)});
  }
  return splits;
}

std::vector<SplitFiles> card_splits(const CardConfig& config, const fs::path& folder) {
  std::vector<SplitFiles> splits;
  for (const SplitPatterns& patterns : config.splits) {
    SplitFiles split{patterns.split, {}};
    for (const std::string& pattern : patterns.patterns) {
      for (fs::path& file : find_files(folder, pattern)) split.files.push_back(std::move(file));
    }
    splits.push_back(std::move(split));
  }
  return splits;
}

/// "train_sft" of "data/train_sft-00000-of-00003-abc.parquet".
std::string split_of_shard(const std::string& name) {
  const std::string_view rest = std::string_view(name).substr(std::string_view("data/").size());
  for (std::size_t end = rest.rfind('-'); end != std::string_view::npos && end > 0; end = rest.rfind('-', end - 1)) {
    if (matches_glob("-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9]", rest.substr(end, kShardNumbers))) {
      return std::string(rest.substr(0, end));
    }
  }
  return std::string(rest);
}

std::vector<SplitFiles> sharded_splits(const std::vector<NamedFile>& files) {
  std::vector<SplitFiles> splits;
  for (const auto& [name, file] : files) {
    if (!matches_glob(kShard, name)) continue;
    const std::string split = split_of_shard(name);
    auto found =
        std::find_if(splits.begin(), splits.end(), [&](const SplitFiles& known) { return known.split == split; });
    if (found == splits.end()) found = splits.insert(splits.end(), {split, {}});
    found->files.push_back(file);
  }
  return splits;
}

/// Splits by the names of folders, or of the files themselves.
std::vector<SplitFiles> named_splits(const std::vector<NamedFile>& files, bool by_folder) {
  std::vector<SplitFiles> splits;
  for (const char* split : kSplits) {
    SplitFiles found{split, {}};
    for (const auto& [name, file] : files) {
      const fs::path path(name);
      const fs::path folders = path.parent_path();
      const bool named = by_folder ? std::any_of(folders.begin(), folders.end(),
                                                 [&](const auto& f) { return is_named_after(f.string(), split); })
                                   : is_named_after(path.filename().string(), split);
      if (named) found.files.push_back(file);
    }
    if (!found.files.empty()) splits.push_back(std::move(found));
  }
  return splits;
}

std::string ending_list(const std::vector<NamedFile>& files) {
  std::set<std::string> endings;
  for (const auto& [name, file] : files) endings.insert(fs::path(name).extension().string());
  std::string list;
  for (const std::string& ending : endings) list += (list.empty() ? "" : ", ") + ending;
  return list;
}

/// The files that hold rows: of the type asked for, else of the one type there is. Lines of text beside another type
/// are remarks about it.
std::vector<NamedFile> row_files(const DatasetOptions& options, const fs::path& folder) {
  std::vector<NamedFile> files = files_below(folder);
  const auto type_of = [](const NamedFile& file) {
    const auto type = type_of_name(file.first);
    return type == DatasetFileType::jsonl ? DatasetFileType::json : type;
  };
  std::erase_if(files, [&](const NamedFile& file) {
    const auto hidden = [](const fs::path& part) { return part.string()[0] == '.' || part.string().starts_with("__"); };
    const fs::path name(file.first);
    return !type_of(file) || is_about_the_dataset(name) || std::any_of(name.begin(), name.end(), hidden);
  });
  auto wanted = options.ds_type == DatasetFileType::jsonl ? DatasetFileType::json : options.ds_type;
  for (const NamedFile& file : files) {
    const auto type = type_of(file);
    if (options.ds_type || type == DatasetFileType::text) continue;
    if (wanted && *wanted != *type) {
      throw FileError("{}: the folder has files of several types ({}), expected one; set ds_type or data_files",
                      folder.string(), ending_list(files));
    }
    wanted = type;
  }
  if (wanted) std::erase_if(files, [&](const NamedFile& file) { return *type_of(file) != *wanted; });
  if (files.empty()) {
    throw FileError("{}: no {} file in this folder; name the files in data_files", folder.string(),
                    options.ds_type ? "such" : ".json, .jsonl, .csv, .txt, .parquet or .arrow");
  }
  return files;
}

}  // namespace

bool is_saved_split(const fs::path& folder) {
  return fs::is_regular_file(folder / "state.json") && fs::is_regular_file(folder / "dataset_info.json");
}

bool is_named_after(std::string_view name, std::string_view split) {
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find_first_of(kBetweenWords, begin), name.size());
    const std::string_view word = name.substr(begin, end - begin);
    for (const auto& [spelling, meaning] : kWords) {
      if (word == spelling && meaning == split) return true;
    }
    begin = end + 1;
  }
  return false;
}

std::vector<SplitFiles> splits_of_folder(const DatasetOptions& options) {
  fs::path folder = options.path;
  if (auto saved = saved_splits(folder); !saved.empty()) return saved;
  const std::vector<CardConfig> configs = read_card(folder);
  if (!configs.empty()) {
    const CardConfig& config = choose_config(configs, options.name, options.path);
    if (!config.data_dir.empty()) folder /= config.data_dir;
    if (auto splits = card_splits(config, folder); !splits.empty()) return splits;
  } else if (options.name && *options.name != "default") {
    throw ConfigError("{}: name: no configuration '{}', the dataset declares none in its README.md", options.path,
                      *options.name);
  }
  const std::vector<NamedFile> files = row_files(options, folder);
  if (auto splits = sharded_splits(files); !splits.empty()) return splits;
  for (const bool by_folder : {true, false}) {
    if (auto splits = named_splits(files, by_folder); !splits.empty()) return splits;
  }
  SplitFiles all{"train", {}};
  for (const auto& [name, file] : files) all.files.push_back(file);
  return {all};
}

}  // namespace eft
