#include "text/utf8.h"

#include <cstdint>
#include <cstring>

namespace eft::utf8 {
namespace {

struct Form {
  std::size_t size;         // 0: no character starts with this byte
  unsigned char first_low;  // bounds of the second byte, which rule out overlong forms and surrogates
  unsigned char first_high;
};

constexpr Form form_of(unsigned char lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

bool is_ascii_block(const char* bytes) {
  std::uint64_t block = 0;
  std::memcpy(&block, bytes, sizeof block);
  return (block & 0x8080808080808080U) == 0;
}

bool is_whole(std::string_view text, std::size_t at, const Form& form) {
  if (form.size == 0 || at + form.size > text.size()) return false;
  for (std::size_t i = 1; i < form.size; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if (byte < (i == 1 ? form.first_low : 0x80) || byte > (i == 1 ? form.first_high : 0xBF)) return false;
  }
  return true;
}

}  // namespace

std::optional<std::size_t> find_invalid(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size() && is_ascii_block(text.data() + at)) {
      at += 8;
      continue;
    }
    const Form form = form_of(static_cast<unsigned char>(text[at]));
    if (!is_whole(text, at, form)) return at;
    at += form.size;
  }
  return std::nullopt;
}

char32_t next(std::string_view text, std::size_t& position) {
  const char lead = text[position];
  const std::size_t size = width(lead);
  if (size == 1) return static_cast<unsigned char>(text[position++]);
  char32_t code = static_cast<unsigned char>(lead) & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(text[position + i]) & 0x3FU);
  position += size;
  return code;
}

char32_t previous(std::string_view text, std::size_t position) {
  do --position;
  while ((static_cast<unsigned char>(text[position]) & 0xC0) == 0x80);
  return next(text, position);
}

}  // namespace eft::utf8
