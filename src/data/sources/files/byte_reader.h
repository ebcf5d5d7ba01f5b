#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

namespace eft {

/// The bytes of a file from its begin to its end, unpacked where the file is packed.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  /// Up to `size` > 0 bytes; 0 at the end. Throws FileError (unreadable, or packed data that is broken or ends early).
  virtual std::size_t read(char* to, std::size_t size) = 0;
};

/// Opens a file as it is, or unpacks it on the way when its first bytes say gzip or zstd, whatever its name. Throws
/// FileError; also for archives and packings that are not read.
std::unique_ptr<ByteReader> open_bytes(const std::filesystem::path& path);

}  // namespace eft
