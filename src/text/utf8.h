#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace eft::utf8 {

/// Offset of the first byte that is not part of a well-formed character (Unicode, table 3-7).
std::optional<std::size_t> find_invalid(std::string_view text);

/// Bytes of the character that starts with `lead`; the text must be valid.
constexpr std::size_t width(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// The code point at byte `position` of valid text, which moves behind it.
char32_t next(std::string_view text, std::size_t& position);

/// The code point that ends right before byte `position` > 0 of valid text.
char32_t previous(std::string_view text, std::size_t position);

}  // namespace eft::utf8
