#include "train/staged_folder.h"

#include "base/error.h"

namespace eft {

namespace fs = std::filesystem;

void with_file_errors(const std::function<void()>& work) {
  try {
    work();
  } catch (const fs::filesystem_error& error) {
    throw FileError("{}: {}", error.path1().string(), error.code().message());
  }
}

StagedFolder::StagedFolder(fs::path target) : target_(std::move(target)) {
  staged_ = target_.parent_path() / ("." + target_.filename().string() + ".tmp");
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
  with_file_errors([&] {
    fs::remove_all(target_);
    fs::rename(staged_, target_);
  });
}

void StagedFolder::commit_files_into(const fs::path& folder) {
  with_file_errors([&] {
    fs::create_directories(folder);
    for (const auto& entry : fs::directory_iterator(staged_)) {
      fs::rename(entry.path(), folder / entry.path().filename());
    }
  });
}

}  // namespace eft
