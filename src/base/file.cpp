#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/fault.h"
#include "base/mapping_faults.h"

namespace eft {

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  // A pipe without a writer would block for ever.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw FileError("{}: cannot open: {}", path.string(), std::strerror(errno));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw FileError("{}: is {}, expected a file", path.string(),
                    S_ISDIR(status.st_mode) ? "a folder" : "a pipe or device");
  }
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ > 0) {
    void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) {
      const int error = errno;
      ::close(descriptor);
      throw FileError("{}: cannot map: {}", path.string(), std::strerror(error));
    }
    data_ = static_cast<const std::byte*>(mapped);
    remember_mapping(data_, size_, path_.c_str());
  }
  ::close(descriptor);
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  forget_mapping(data_);
  ::munmap(const_cast<std::byte*>(data_), size_);
}

void forget_pages(const void* data, std::size_t size) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(data) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(data) + size) / page * page;
  // Advice: nothing is wrong when it is not taken.
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

std::string read_text(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) throw FileError("{}: is a folder, expected a file", path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) throw FileError("{}: cannot open: {}", path.string(), std::strerror(errno));
  std::string text;
  // At once where the size is known, in pieces for what has none (a pipe).
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  text.resize(unknown ? 0 : static_cast<std::size_t>(size));
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in) text.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  if (in.bad()) throw FileError("{}: cannot read: {}", path.string(), std::strerror(errno));
  return text;
}

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  temporary_ = target_;
  temporary_ += ".tmp";
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail("cannot create");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  fault_point();
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, from, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot write");
    from += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  fault_point();
  if (::fsync(descriptor_) != 0) fail("cannot sync");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail("cannot rename");
  fault_point();
  ::close(descriptor_);
  descriptor_ = -1;
}

void AtomicFile::fail(const char* what) const {
  throw FileError("{}: {}: {}", target_.string(), what, std::strerror(errno));
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

}  // namespace eft
