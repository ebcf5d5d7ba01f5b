#include "train/checkpoints/staged_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <regex>
#include <vector>

#include "base/error.h"
#include "base/fault.h"

namespace eft {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMade = ".tmp";
constexpr const char* kRemoved = ".old.tmp";

/// The name under which a folder is made or taken apart.
fs::path hidden(const fs::path& path, const char* end) {
  return path.parent_path() / ("." + path.filename().string() + end);
}

/// Makes the names in a folder last through a loss of power.
void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw FileError("{}: cannot open: {}", folder.string(), std::strerror(errno));
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;  // some file systems sync no folders
  const int error = errno;
  ::close(descriptor);
  if (!synced) throw FileError("{}: cannot sync: {}", folder.string(), std::strerror(error));
}

/// Swaps two names; false where the file system cannot.
bool exchange(const fs::path& a, const fs::path& b) {
  return ::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

}  // namespace

void with_file_errors(const std::function<void()>& work) {
  try {
    work();
  } catch (const fs::filesystem_error& error) {
    throw FileError("{}: {}", error.path1().string(), error.code().message());
  }
}

StagedFolder::StagedFolder(fs::path target) : target_(std::move(target)), staged_(hidden(target_, kMade)) {
  with_file_errors([&] {
    fs::remove_all(staged_);
    fs::create_directories(staged_);
  });
}

StagedFolder::~StagedFolder() {
  std::error_code ignored;
  fs::remove_all(staged_, ignored);
}

void StagedFolder::commit() {
  sync_folder(staged_);
  fault_point();
  with_file_errors([&] {
    if (!fs::exists(target_)) {
      fs::rename(staged_, target_);
    } else if (!exchange(staged_, target_)) {
      remove_folder(target_);
      fs::rename(staged_, target_);
    }
  });
  fault_point();
  sync_folder(target_.parent_path());
}

void StagedFolder::commit_files_into(const fs::path& folder) {
  with_file_errors([&] {
    fs::create_directories(folder);
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(staged_)) files.push_back(entry.path());
    for (const fs::path& file : files) {
      fault_point();
      fs::rename(file, folder / file.filename());
    }
  });
  sync_folder(folder);
}

void remove_folder(const fs::path& folder) {
  const fs::path removed = hidden(folder, kRemoved);
  with_file_errors([&] {
    fs::remove_all(removed);
    fs::rename(folder, removed);
    fault_point();
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(removed)) files.push_back(entry.path());
    for (const fs::path& file : files) {
      fs::remove_all(file);
      fault_point();
    }
    fs::remove_all(removed);
  });
}

bool is_leftover(const std::string& name) {
  static const std::regex names(
      R"(\.(checkpoint-\d+|result)(\.old)?\.tmp|(metrics\.jsonl|trace\.json|\.eft-files)\.tmp)");
  return std::regex_match(name, names);
}

void remove_leftovers(const fs::path& folder) {
  with_file_errors([&] {
    if (!fs::exists(folder)) return;
    std::vector<fs::path> left;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (is_leftover(entry.path().filename().string())) left.push_back(entry.path());
    }
    for (const fs::path& path : left) fs::remove_all(path);
  });
}

}  // namespace eft
