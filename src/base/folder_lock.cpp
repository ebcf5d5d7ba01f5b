#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/log.h"

namespace eft {
namespace {

std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("process {} on {}", ::getpid(), host.data());
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) : path_(folder / kFile) {
  // Whoever ends removes the file: one that was opened just before is no longer the one that others see.
  do {
    open();
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) continue;
    if (errno == EWOULDBLOCK) refuse();
    note(fmt::format("warning: {}: the file system has no locks ({}); two runs there at once would not be noticed",
                     folder.string(), std::strerror(errno)));
    return;
  } while (!is_named());
  const std::string holder = this_process();
  const bool written = ::ftruncate(descriptor_, 0) == 0 &&
                       ::write(descriptor_, holder.data(), holder.size()) == static_cast<ssize_t>(holder.size());
  if (!written) note(fmt::format("warning: {}: cannot write: {}", path_.string(), std::strerror(errno)));
}

FolderLock::~FolderLock() {
  ::unlink(path_.c_str());
  ::close(descriptor_);
}

void FolderLock::open() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ >= 0) return;
  throw FileError("{}: cannot write there: {}", path_.parent_path().string(), std::strerror(errno));
}

bool FolderLock::is_named() const {
  struct stat held {};
  struct stat named {};
  return ::fstat(descriptor_, &held) == 0 && ::stat(path_.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

void FolderLock::refuse() const {
  std::array<char, 512> text{};
  const ssize_t size = ::pread(descriptor_, text.data(), text.size(), 0);
  const std::string holder = size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "another process";
  ::close(descriptor_);
  throw FileError("{}: {} is writing there; wait for its end or set another folder", path_.parent_path().string(),
                  holder);
}

}  // namespace eft
