#pragma once

#include <filesystem>

namespace eft {

/// Keeps other processes out of a folder while it lives. The lock ends with the process, however that ends: a file that
/// a killed one left is no lock.
class FolderLock {
 public:
  static constexpr const char* kFile = ".eft-lock";

  /// Throws FileError, which names the process, when another one holds the lock, or when the folder cannot be written.
  /// Where the file system has no locks it says so and goes on.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  /// Whether the file that was locked still has its name.
  bool is_named() const;
  void open();
  [[noreturn]] void refuse() const;

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace eft
