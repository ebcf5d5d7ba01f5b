#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/files/byte_reader.h"

namespace eft {

/// Some of the 256 bytes.
class ByteSet {
 public:
  explicit ByteSet(std::string_view bytes);
  /// Offset of the first of them in `text`, or its size.
  std::size_t find_in(std::string_view text) const;

 private:
  std::array<bool, 256> holds_{};
  int single_ = -1;  // the only one
};

/// A text file read in pieces: memory does not grow with the file. Knows the line it stands in.
class TextReader {
 public:
  static constexpr int kEnd = -1;

  /// Opens the file (gzip and zstd are unpacked) and passes over a byte order mark. Throws FileError; also for UTF-16.
  explicit TextReader(std::filesystem::path path);

  /// The next byte, or kEnd; it stays.
  int peek() { return at_ < end_ || refill() ? static_cast<unsigned char>(buffer_[at_]) : kEnd; }
  /// The next byte, or kEnd, and moves behind it.
  int take();
  /// Appends everything up to the next byte of `stops`, which stays, or to the end. Throws DataError when `text` grows
  /// beyond 256 MiB, which no row is meant to.
  void take_until(const ByteSet& stops, std::string& text);
  /// Moves behind blanks, tabs and line ends.
  void skip_space();
  /// Takes one end of a line, if it is next: a line feed, a carriage return or both.
  void take_line_end();

  /// "file.csv:12", the line of the next byte.
  std::string where() const { return where(line_); }
  std::string where(std::int64_t line) const;
  std::int64_t line() const { return line_; }

 private:
  bool refill();

  std::filesystem::path path_;
  std::unique_ptr<ByteReader> bytes_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace eft
