#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/data_options.h"

namespace eft {

/// The same options with a `path` of this machine: the name of a dataset of the Hugging Face hub becomes the folder of
/// its snapshot in the hub's cache. Throws FileError when there is neither, with a hint how to fetch it.
DatasetOptions with_local_path(DatasetOptions options);

/// The files of a dataset, in the order in which they are read: `path` itself, those that `data_files` names inside it
/// (globs with *, ? and **), or every .json and .jsonl file below it that belongs to the split. Throws FileError when
/// there is none, and ConfigError for a split that a file does not have.
std::vector<std::filesystem::path> find_data_files(const DatasetOptions& options, const std::string& split);

/// Whether `name` matches `pattern`: ? is one character, * any number of them, neither a slash; **/ any folders.
bool matches_glob(std::string_view pattern, std::string_view name);

/// The split that a file of a folder belongs to by its name ("test-00001.jsonl", "validation/a.json"), "" when the name
/// does not tell.
std::string split_of_name(std::string_view name);

}  // namespace eft
