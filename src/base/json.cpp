#include "base/json.h"

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/file_kind.h"

namespace eft {
namespace {

/// Where byte `at` of a text stands, as editors count.
std::string place_of(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  const std::string_view before = text.substr(0, at);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t begin = before.rfind('\n');
  const std::size_t column = begin == std::string_view::npos ? at : at - begin - 1;
  return fmt::format("line {}, column {}", line, std::max<std::size_t>(column, 1));
}

}  // namespace

std::string fault_of_json_size(std::string_view text, std::size_t most_members) {
  std::array<std::size_t, kJsonDepth + 1> members{};
  std::array<bool, kJsonDepth + 1> is_object{};
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
      }
    } else if (c == '{' || c == '[') {
      if (depth == kJsonDepth)
        return fmt::format("nested deeper than {} levels at {}", kJsonDepth, place_of(text, i + 1));
      members[++depth] = 1;
      is_object[depth] = c == '{';
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
    } else if (c == ',' && is_object[depth] && ++members[depth] > most_members) {
      return fmt::format("an object of more than {} keys at {}", most_members, place_of(text, i + 1));
    }
  }
  return "";
}

std::string json_error_reason(const nlohmann::json::parse_error& error) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while … - invalid literal; last
  // read: '…'; expected '}'"
  std::string what = error.what();
  const auto reason = what.find(" - ");
  if (reason == std::string::npos) return "broken here";
  what.erase(0, reason + 3);
  const auto read = what.find("; last read: ");
  if (read == std::string::npos) return what;
  const auto wanted = what.rfind("; expected ");
  return what.substr(0, read) + (wanted != std::string::npos && wanted > read ? what.substr(wanted) : "");
}

std::string describe_json_error(const nlohmann::json::exception& error, std::string_view text) {
  const auto* syntax = dynamic_cast<const nlohmann::json::parse_error*>(&error);
  if (syntax == nullptr) return "not JSON: a number is out of range";
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "not JSON: the file is empty";
  const std::string what = json_error_reason(*syntax);
  const bool ended = what.starts_with("unexpected end of input");
  return fmt::format("not JSON at {}: {}{}", place_of(text, syntax->byte), what,
                     ended ? "; is the file truncated?" : "");
}

ParsedJson parse_json(std::string_view text) {
  ParsedJson result;
  if (const std::string other = known_impostor(text); !other.empty()) {
    result.fault = "is " + other;
    return result;
  }
  result.fault = fault_of_json_size(text);
  if (!result.fault.empty()) return result;
  try {
    result.value = nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    result.fault = describe_json_error(error, text);
  }
  return result;
}

std::string brief(const nlohmann::ordered_json& value) {
  constexpr std::size_t kLongest = 60;
  std::string text = value.dump();
  if (text.size() <= kLongest) return text;
  std::size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // between characters
  return text.substr(0, end) + "…";
}

std::string read_json_text(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  if (bytes.size() > kJsonFileBytes) {
    throw FileError("{}: {} bytes, expected at most {} of a JSON file that describes a model or a run", path.string(),
                    bytes.size(), kJsonFileBytes);
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace eft
