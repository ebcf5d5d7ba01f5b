#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace eft {

/// What eft wrote into a folder, by a list that it keeps there. It replaces and removes nothing else.
class OwnedFolder {
 public:
  static constexpr const char* kList = ".eft-files";

  /// Reads the list; a folder without one, or that is not there, owns nothing. Throws FileError.
  explicit OwnedFolder(std::filesystem::path folder);

  bool has_list() const { return has_list_; }
  bool owns(const std::string& name) const { return names_.contains(name); }
  /// Puts files that an earlier eft, which kept no list, wrote there onto the list.
  void adopt(const std::vector<std::string>& names);
  /// Puts names onto the list, before they are written. Throws FileError where something of such a name is there that
  /// is not on the list.
  void claim(const std::vector<std::string>& names);

 private:
  std::filesystem::path folder_;
  std::set<std::string> names_;
  bool has_list_ = false;
};

/// What the names in a folder are together, for a message: "an adapter (adapter_config.json, README.md and 3 more)".
std::string words_for_contents(const std::vector<std::string>& names);

/// The sorted names in a folder; none where it is missing. Throws FileError.
std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace eft
