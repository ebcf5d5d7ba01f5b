#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

namespace eft {

/// A running hash of 128 bits that tells contents apart. Fast, and no protection against somebody who wants two of them
/// to be the same.
class Hasher {
 public:
  Hasher();
  /// Appends bytes; how they are cut into calls does not matter.
  void add(std::string_view bytes);
  /// Appends bytes with their number, so that parts cannot run into one another.
  void add_part(std::string_view bytes);

  std::array<std::uint64_t, 2> digest() const;
  /// The digest as 32 hexadecimal digits.
  std::string hex() const;

 private:
  static constexpr std::size_t kLanes = 8;
  static constexpr std::size_t kBlock = kLanes * sizeof(std::uint64_t);

  void take(const char* block);

  std::array<std::uint64_t, kLanes> lanes_;
  std::array<char, kBlock> rest_{};
  std::uint64_t size_ = 0;
};

/// Appends what a file holds, or its first `most` bytes, a piece at a time. Throws FileError.
void add_file(Hasher& hasher, const std::filesystem::path& path,
              std::uint64_t most = std::numeric_limits<std::uint64_t>::max());

}  // namespace eft
