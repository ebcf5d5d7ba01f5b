#include "text/jinja/builtins/split.h"

#include <algorithm>

#include "text/jinja/values/format.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

std::vector<std::string_view> split_spaces(std::string_view text, std::int64_t most) {
  std::vector<std::string_view> parts;
  text = unicode::strip(text, std::nullopt, true, false);
  while (!text.empty()) {
    if (most >= 0 && static_cast<std::int64_t>(parts.size()) == most) {
      parts.push_back(unicode::strip(text, std::nullopt, false, true));
      break;
    }
    std::size_t end = 0;
    for (std::size_t at = 0; at < text.size(); end = at) {
      if (unicode::is_space(unicode::next(text, at))) break;
    }
    parts.push_back(text.substr(0, end));
    text = unicode::strip(text.substr(end), std::nullopt, true, false);
  }
  return parts;
}

std::vector<std::string_view> split_spaces_right(std::string_view text, std::int64_t most) {
  auto words = split_spaces(text, -1);
  const auto count = static_cast<std::int64_t>(words.size());
  if (most < 0 || count <= most) return words;
  if (words.empty()) return words;
  const auto kept = static_cast<std::size_t>(count - most);
  const std::string_view stripped = unicode::strip(text);
  const char* end = words[kept - 1].data() + words[kept - 1].size();
  std::vector<std::string_view> parts = {stripped.substr(0, static_cast<std::size_t>(end - stripped.data()))};
  parts.insert(parts.end(), words.begin() + static_cast<std::ptrdiff_t>(kept), words.end());
  return parts;
}

}  // namespace

std::vector<std::string_view> split_left(std::string_view text, std::optional<std::string_view> separator,
                                         std::int64_t most) {
  if (!separator) return split_spaces(text, most);
  std::vector<std::string_view> parts;
  while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
    const std::size_t at = text.find(*separator);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + separator->size());
  }
  parts.push_back(text);
  return parts;
}

std::vector<std::string_view> split_right(std::string_view text, std::optional<std::string_view> separator,
                                          std::int64_t most) {
  if (!separator) return split_spaces_right(text, most);
  std::vector<std::string_view> parts;
  while (most < 0 || static_cast<std::int64_t>(parts.size()) < most) {
    const std::size_t at = text.rfind(*separator);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(at + separator->size()));
    text = text.substr(0, at);
  }
  parts.push_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::string replace_all(std::string_view text, std::string_view old, std::string_view fresh, std::int64_t most) {
  std::string out;
  const auto check = [&] {
    if (out.size() > kMaxText) throw Fault("string of more than {} bytes", kMaxText);
  };
  const auto wanted = [&] { return most != 0; };
  if (old.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t begin = at;
      unicode::next(text, at);
      if (wanted()) {
        out += fresh;
        --most;
      }
      out += text.substr(begin, at - begin);
      check();
    }
    if (wanted()) out += fresh;
    return out;
  }
  for (std::size_t at = text.find(old); at != std::string_view::npos && wanted(); at = text.find(old), --most) {
    out += text.substr(0, at);
    out += fresh;
    text.remove_prefix(at + old.size());
    check();
  }
  out += text;
  return out;
}

std::string center(std::string_view text, std::int64_t width, std::string_view fill) {
  const auto size = static_cast<std::int64_t>(unicode::length(text));
  if (width <= size) return std::string(text);
  const std::int64_t missing = width - size;
  const std::int64_t left = missing / 2 + (missing & width & 1);
  return pad(pad(text, size + left, '>', fill), width, '<', fill);
}

bool is_all_case(std::string_view text, bool up) {
  bool any = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t code = unicode::next(text, at);
    if (up ? unicode::is_lower(code) : unicode::is_upper(code)) return false;
    any = any || (up ? unicode::is_upper(code) : unicode::is_lower(code));
  }
  return any;
}

Value text_list(const std::vector<std::string_view>& parts) {
  std::vector<Value> items;
  items.reserve(parts.size());
  for (auto part : parts) items.emplace_back(part);
  return make_sequence(std::move(items));
}

}  // namespace eft::jinja
