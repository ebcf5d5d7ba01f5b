#pragma once

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/data_options.h"
#include "schema/read.h"

namespace eft {

/// The data options of a run beside golden values; its other keys do not matter there.
inline DataOptions read_case(const std::filesystem::path& yaml) {
  const YamlNode node = parse_yaml(read_text(yaml), yaml.string());
  DataOptions options;
  Faults faults;
  StructReader reader(node, "", faults);
  describe(reader, options);
  faults.raise();
  options.dataset_prepared_path = "";
  return options;
}

/// All runs in a folder, by name.
inline std::vector<std::filesystem::path> cases_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

inline std::vector<nlohmann::json> json_lines(const std::filesystem::path& file) {
  std::vector<nlohmann::json> rows;
  const std::string text = read_text(file);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    rows.push_back(nlohmann::json::parse(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return rows;
}

/// Paths of a case are relative to its folder.
class InFolder {
 public:
  explicit InFolder(const std::filesystem::path& folder) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
  }
  ~InFolder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

}  // namespace eft
