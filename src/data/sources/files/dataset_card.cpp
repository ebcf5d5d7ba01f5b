#include "data/sources/files/dataset_card.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// The YAML between the first two lines of dashes.
std::string front_matter(const std::string& text) {
  if (!text.starts_with("---")) return "";
  const auto begin = text.find('\n');
  const auto end = text.find("\n---", begin);
  return begin == std::string::npos || end == std::string::npos ? "" : text.substr(begin, end - begin);
}

std::vector<std::string> strings_of(const YAML::Node& node) {
  std::vector<std::string> strings;
  if (node.IsScalar()) return {node.as<std::string>()};
  for (const YAML::Node& item : node) strings.push_back(item.as<std::string>());
  return strings;
}

/// A pattern, a list of them, or a list of {split, path}.
std::vector<SplitPatterns> splits_of(const YAML::Node& data_files) {
  if (!data_files) return {};
  if (!data_files.IsSequence() || data_files.size() == 0 || !data_files[0].IsMap()) {
    return {{"train", strings_of(data_files)}};
  }
  std::vector<SplitPatterns> splits;
  for (const YAML::Node& item : data_files) {
    splits.push_back({item["split"].as<std::string>(), strings_of(item["path"])});
  }
  return splits;
}

std::vector<CardConfig> configs_of(const YAML::Node& card) {
  std::vector<CardConfig> configs;
  if (!card.IsMap() || !card["configs"]) return configs;
  for (const YAML::Node& node : card["configs"]) {
    CardConfig config;
    config.name = node["config_name"].as<std::string>();
    config.is_default = node["default"].as<bool>(false) || config.name == "default";
    config.data_dir = node["data_dir"].as<std::string>("");
    config.splits = splits_of(node["data_files"]);
    configs.push_back(std::move(config));
  }
  return configs;
}

}  // namespace

std::vector<CardConfig> read_card(const fs::path& folder) {
  const fs::path card = folder / "README.md";
  if (!fs::is_regular_file(card)) return {};
  const std::string text = front_matter(read_text(card));
  if (text.empty()) return {};
  try {
    return configs_of(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw FileError("{}: the YAML at its top cannot be read, {}; name the files in data_files", card.string(),
                    error.what());
  }
}

const CardConfig& choose_config(const std::vector<CardConfig>& configs, const std::optional<std::string>& name,
                                const std::string& path) {
  const auto found = std::find_if(configs.begin(), configs.end(), [&](const CardConfig& config) {
    return name ? config.name == *name : config.is_default;
  });
  if (found != configs.end()) return *found;
  if (!name && configs.size() == 1) return configs[0];
  std::string names;
  for (const CardConfig& config : configs) names += (names.empty() ? "" : ", ") + config.name;
  if (name) throw ConfigError("{}: name: no configuration '{}', expected one of {}", path, *name, names);
  throw ConfigError("{}: the dataset has several configurations, expected name: one of {}", path, names);
}

}  // namespace eft
