#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace eft {

/// A whole file mapped read-only and shared. Pages come from the page cache, so untouched ones cost no memory.
class MappedFile {
 public:
  /// Throws FileError when `path` cannot be opened or mapped.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Lets go of the memory that a part of a mapped file takes in this process; it is read again when it is needed. Whole
/// pages only.
void forget_pages(const void* data, std::size_t size);

/// Reads a whole text file; throws FileError (missing, a folder, unreadable).
std::string read_text(const std::filesystem::path& path);

/// Writes through a temporary name in the same folder, syncs, then renames: readers see the old file or the new one,
/// never half of it. Nothing is left behind when writing fails.
class AtomicFile {
 public:
  /// Throws FileError when the temporary file cannot be made.
  explicit AtomicFile(std::filesystem::path target);
  /// Removes the temporary file unless `commit` was called.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends bytes; throws FileError (disk full, for one).
  void write(const void* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Syncs and renames onto the target; throws FileError.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

/// AtomicFile in one call.
void write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace eft
