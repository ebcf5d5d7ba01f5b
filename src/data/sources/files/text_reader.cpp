#include "data/sources/files/text_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace eft {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18U;
constexpr std::size_t kLongestRow = std::size_t{256} << 20U;

}  // namespace

ByteSet::ByteSet(std::string_view bytes) {
  for (const char byte : bytes) holds_[static_cast<unsigned char>(byte)] = true;
  if (bytes.size() == 1) single_ = static_cast<unsigned char>(bytes[0]);
}

std::size_t ByteSet::find_in(std::string_view text) const {
  if (single_ >= 0) return std::min(text.find(static_cast<char>(single_)), text.size());
  std::size_t at = 0;
  while (at < text.size() && !holds_[static_cast<unsigned char>(text[at])]) ++at;
  return at;
}

TextReader::TextReader(std::filesystem::path path)
    : path_(std::move(path)), bytes_(open_bytes(path_)), buffer_(kPiece) {
  refill();
  const std::string_view start(buffer_.data(), end_);
  if (start.starts_with("\xEF\xBB\xBF")) at_ = 3;
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    throw FileError("{}: the text is UTF-16, expected UTF-8; convert it with iconv -f UTF-16 -t UTF-8", path_.string());
  }
}

bool TextReader::refill() {
  at_ = 0;
  end_ = bytes_->read(buffer_.data(), buffer_.size());
  // A first piece of a pipe or of packed data may be too short to hold a byte order mark.
  while (end_ > 0 && end_ < 3) {
    const std::size_t more = bytes_->read(buffer_.data() + end_, buffer_.size() - end_);
    if (more == 0) break;
    end_ += more;
  }
  return end_ > 0;
}

int TextReader::take() {
  const int byte = peek();
  if (byte == kEnd) return kEnd;
  if (byte == '\n') ++line_;
  ++at_;
  return byte;
}

void TextReader::take_until(const ByteSet& stops, std::string& text) {
  const std::int64_t first_line = line_;
  while (peek() != kEnd) {
    const std::string_view rest(buffer_.data() + at_, end_ - at_);
    const std::size_t count = stops.find_in(rest);
    line_ += std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(count), '\n');
    text.append(rest.substr(0, count));
    at_ += count;
    if (text.size() > kLongestRow) {
      throw DataError("{}: a row of more than {} MiB; is a quote or a bracket left open?", where(first_line),
                      kLongestRow >> 20U);
    }
    if (count < rest.size()) return;
  }
}

void TextReader::skip_space() {
  for (int byte = peek(); byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; byte = peek()) take();
}

void TextReader::take_line_end() {
  const bool carriage_return = peek() == '\r';
  if (carriage_return) take();
  if (peek() == '\n') {
    take();
  } else if (carriage_return) {
    ++line_;
  }
}

std::string TextReader::where(std::int64_t line) const { return fmt::format("{}:{}", path_.string(), line); }

}  // namespace eft
