#include "data/sources/files/json_text.h"

#include <fmt/format.h>

#include "text/utf8.h"

namespace eft {
namespace {

/// `byte`, which may not stand in a JSON string, as it is written there.
void append_escaped(unsigned char byte, std::string& json) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json += '\\';
  if (byte == '\n') {
    json += 'n';
  } else if (byte >= 0x20) {
    json += static_cast<char>(byte);
  } else {
    json += "u00";
    json += kHex[byte >> 4U];
    json += kHex[byte & 0xFU];
  }
}

}  // namespace

void append_json_string(std::string_view value, std::string& json) {
  json += '"';
  std::size_t copied = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto byte = static_cast<unsigned char>(value[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    json.append(value, copied, i - copied);
    copied = i + 1;
    append_escaped(byte, json);
  }
  json.append(value, copied);
  json += '"';
}

std::optional<std::string> fault_of_text(std::string_view value) {
  if (const auto nul = value.find('\0'); nul != std::string_view::npos) {
    return fmt::format("a NUL byte at byte {}, expected text", nul + 1);
  }
  if (const auto invalid = utf8::find_invalid(value)) {
    return fmt::format("0x{:02x} at byte {} is not UTF-8; convert the file, for instance with iconv -f LATIN1 -t UTF-8",
                       static_cast<unsigned char>(value[*invalid]), *invalid + 1);
  }
  return std::nullopt;
}

}  // namespace eft
