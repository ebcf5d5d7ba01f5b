#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/data_options.h"

namespace eft {

/// The same options with a `path` of this machine: the name of a dataset of the Hugging Face hub becomes the folder of
/// its snapshot in the hub's cache; a type ("json", "csv") with `data_files` the working folder and that `ds_type`.
/// Throws FileError when there is neither, with a hint how to fetch it.
DatasetOptions with_local_path(DatasetOptions options);

/// The split that is read when the options name none: that of the run where a folder has several, else "train".
std::string default_split(const DatasetOptions& options, bool for_evaluation);

/// The files of a dataset, in the order in which they are read: `path` itself, those that `data_files` names inside it
/// or from the working folder (globs with *, ?, [a-z] and **), or those of the split below it. Throws FileError when
/// there is none, and ConfigError for a split that the dataset does not have.
std::vector<std::filesystem::path> find_data_files(const DatasetOptions& options, const std::string& split);

}  // namespace eft
