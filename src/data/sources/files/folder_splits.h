#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/data_options.h"

namespace eft {

struct SplitFiles {
  std::string split;
  std::vector<std::filesystem::path> files;
};

/// The splits of a folder as the `datasets` library finds them. In this order: what `save_to_disk` wrote there, what
/// the README.md declares, files called "data/SPLIT-00000-of-00002…", folders named after a split, files named after
/// one ("test.csv", "train-1.jsonl"), else all files as "train". Throws FileError or ConfigError.
std::vector<SplitFiles> splits_of_folder(const DatasetOptions& options);

/// Whether `save_to_disk` wrote one dataset there, not a set of splits.
bool is_saved_split(const std::filesystem::path& folder);

/// Whether a folder or a file is named after a split: "train", "my-train_2.jsonl", "dev.json" for "validation".
bool is_named_after(std::string_view name, std::string_view split);

}  // namespace eft
