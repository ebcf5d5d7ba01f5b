#include "text/piece_decoder.h"

#include <charconv>
#include <optional>

#include "text/utf8.h"

namespace eft {
namespace {

std::optional<char> byte_of(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return std::nullopt;
  std::string_view digits = piece.substr(3, 2);
  if (digits[0] == '+') digits.remove_prefix(1);  // the library's number parser takes a sign
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<char>(value);
}

}  // namespace

void PieceDecoder::append(std::string_view piece, std::string& bytes, std::string& text) const {
  const std::string now = replaced(piece, replacements_);
  if (decodes_bytes_) {
    if (const auto byte = byte_of(now)) {
      bytes += *byte;
      return;
    }
    flush(bytes, text);
  }
  text += now;
}

void PieceDecoder::flush(std::string& bytes, std::string& text) {
  if (!utf8::find_invalid(bytes)) {
    text += bytes;
  } else {
    for (std::size_t i = 0; i < bytes.size(); ++i) text += "\uFFFD";
  }
  bytes.clear();
}

}  // namespace eft
