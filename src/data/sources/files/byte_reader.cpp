#include "data/sources/files/byte_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

class PlainReader : public ByteReader {
 public:
  explicit PlainReader(const fs::path& path) : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0) throw FileError("{}: cannot open: {}", path.string(), std::strerror(errno));
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || S_ISDIR(status.st_mode)) {
      ::close(descriptor_);
      throw FileError("{}: is a folder, expected a file", path.string());
    }
  }
  ~PlainReader() override { ::close(descriptor_); }
  PlainReader(const PlainReader&) = delete;
  PlainReader& operator=(const PlainReader&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    for (;;) {
      const ssize_t count = ::read(descriptor_, to, size);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) throw FileError("{}: cannot read: {}", path_.string(), std::strerror(errno));
    }
  }

 private:
  fs::path path_;
  int descriptor_;
};

/// Several members one after the other are one file, as for gunzip.
class GzipReader : public ByteReader {
 public:
  explicit GzipReader(const fs::path& path) : path_(path), file_(::gzopen(path.c_str(), "rbe")) {
    if (file_ == nullptr) throw FileError("{}: cannot open: {}", path.string(), std::strerror(errno));
    ::gzbuffer(file_, 1U << 18U);
  }
  ~GzipReader() override { ::gzclose(file_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    const auto most = static_cast<unsigned>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
    const int count = ::gzread(file_, to, most);
    int error = Z_OK;
    const char* message = ::gzerror(file_, &error);
    if (count == 0 && error == Z_BUF_ERROR) {
      throw FileError("{}: the gzip data ends in the middle; the file was not written or copied to its end",
                      path_.string());
    }
    if (count < 0) {
      throw FileError("{}: broken gzip data: {}", path_.string(), error == Z_ERRNO ? std::strerror(errno) : message);
    }
    return static_cast<std::size_t>(count);
  }

 private:
  fs::path path_;
  ::gzFile file_;
};

class ZstdReader : public ByteReader {
 public:
  explicit ZstdReader(const fs::path& path)
      : path_(path), packed_(path), context_(::ZSTD_createDCtx()), buffer_(::ZSTD_DStreamInSize()) {
    expect(context_ != nullptr, "memory for a zstd context");
  }
  ~ZstdReader() override { ::ZSTD_freeDCtx(context_); }
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    ::ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size) {
        in_ = {buffer_.data(), packed_.read(buffer_.data(), buffer_.size()), 0};
        if (in_.size == 0) return end();
      }
      wanted_ = ::ZSTD_decompressStream(context_, &out, &in_);
      if (::ZSTD_isError(wanted_) != 0) {
        throw FileError("{}: broken zstd data: {}", path_.string(), ::ZSTD_getErrorName(wanted_));
      }
    }
    return out.pos;
  }

 private:
  std::size_t end() const {
    if (wanted_ == 0) return 0;
    throw FileError("{}: the zstd data ends in the middle; the file was not written or copied to its end",
                    path_.string());
  }

  fs::path path_;
  PlainReader packed_;
  ::ZSTD_DCtx* context_;
  std::vector<char> buffer_;
  ::ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t wanted_ = 0;  // 0 at the end of a frame
};

/// What is not read, by its first bytes.
constexpr std::array<std::pair<std::string_view, const char*>, 6> kOtherPackings = {
    {{"PK\x03\x04", "a zip archive"},
     {"\xFD"
      "7zXZ",
      "packed with xz"},
     {"BZh91AY", "packed with bzip2"},
     {"\x04\x22\x4D\x18", "packed with lz4"},
     {"7z\xBC\xAF", "a 7z archive"},
     {"Rar!", "a rar archive"}}};

}  // namespace

std::unique_ptr<ByteReader> open_bytes(const fs::path& path) {
  auto plain = std::make_unique<PlainReader>(path);
  std::array<char, 8> buffer{};
  const std::string_view magic(buffer.data(), plain->read(buffer.data(), buffer.size()));
  if (magic.starts_with("\x1F\x8B")) return std::make_unique<GzipReader>(path);
  if (magic.starts_with("\x28\xB5\x2F\xFD")) return std::make_unique<ZstdReader>(path);
  for (const auto& [start, name] : kOtherPackings) {
    if (magic.starts_with(start)) {
      throw FileError("{}: is {}, expected the file itself, or packed with gzip or zstd; unpack it", path.string(),
                      name);
    }
  }
  return std::make_unique<PlainReader>(path);
}

}  // namespace eft
