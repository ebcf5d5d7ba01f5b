#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace eft {

/// The files of one split, as paths or as patterns of them.
struct SplitPatterns {
  std::string split;
  std::vector<std::string> patterns;
};

/// One of the `configs` that the first lines of a dataset's README.md may declare.
struct CardConfig {
  std::string name;
  bool is_default = false;
  std::string data_dir;               ///< relative to the dataset's folder; may be empty
  std::vector<SplitPatterns> splits;  ///< empty: found by their names
};

/// The configurations of the dataset in `folder`; none when it has no card or the card declares none. Throws FileError
/// when the card cannot be read.
std::vector<CardConfig> read_card(const std::filesystem::path& folder);

/// The one called `name`; without a name the default, or the only one. Throws ConfigError that lists them.
const CardConfig& choose_config(const std::vector<CardConfig>& configs, const std::optional<std::string>& name,
                                const std::string& path);

}  // namespace eft
