#include "report/terminal.h"

#include <algorithm>

namespace eft {
namespace {

constexpr char kEscape = '\x1b';
constexpr const char* kPlain = "\x1b[0m";

const char* escape_of(Paint paint) {
  switch (paint) {
    case Paint::bold:
      return "\x1b[1m";
    case Paint::dim:
      return "\x1b[2m";
    case Paint::green:
      return "\x1b[32m";
    case Paint::yellow:
      return "\x1b[33m";
    case Paint::cyan:
      return "\x1b[36m";
    case Paint::plain:
      break;
  }
  return "";
}

/// Where the character or the escape that begins at `at` ends.
std::size_t next(std::string_view text, std::size_t at) {
  if (text[at] == kEscape) {  // "\x1b[" up to a letter
    at = std::min(at + 2, text.size());
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
    return std::min(at + 1, text.size());
  }
  ++at;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  return at;
}

}  // namespace

std::string painted(std::string_view text, Paint paint, bool colours) {
  if (!colours || paint == Paint::plain || text.empty()) return std::string(text);
  return escape_of(paint) + std::string(text) + kPlain;
}

std::size_t width_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size(); at = next(text, at)) columns += text[at] == kEscape ? 0 : 1;
  return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
  std::string kept;
  bool coloured = false;
  for (std::size_t at = 0, end = 0; at < text.size(); at = end) {
    end = next(text, at);
    const bool escape = text[at] == kEscape;
    if (!escape && columns == 0) break;
    if (escape) {
      coloured = text.substr(at, end - at) != kPlain;
    } else {
      --columns;
    }
    kept += text.substr(at, end - at);
  }
  return coloured ? kept + kPlain : kept;
}

}  // namespace eft
