#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace eft {

/// Files that appear together: written into a hidden folder beside their place, which is removed unless committed.
class StagedFolder {
 public:
  /// Throws FileError when the folder cannot be made.
  explicit StagedFolder(std::filesystem::path target);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  /// Where to write.
  const std::filesystem::path& path() const { return staged_; }
  /// Gives the folder its name, in one step that also takes away what had it.
  void commit();
  /// Moves the files into `folder`, which keeps its other files, in place of those with the same names.
  void commit_files_into(const std::filesystem::path& folder);

 private:
  std::filesystem::path target_;
  std::filesystem::path staged_;
};

/// Removes a folder such that it is never there by its name with only a part of its files.
void remove_folder(const std::filesystem::path& folder);

/// Whether it is the name of something half-written, as a process that was killed leaves it in a folder.
bool is_leftover(const std::string& name);

/// Removes what processes that were killed left in `folder`: hidden folders of the two above, unfinished files.
void remove_leftovers(const std::filesystem::path& folder);

/// Runs `work` and turns the file system's own exceptions into FileError.
void with_file_errors(const std::function<void()>& work);

}  // namespace eft
