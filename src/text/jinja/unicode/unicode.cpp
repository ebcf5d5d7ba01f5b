#include "text/jinja/unicode/unicode.h"

#include <algorithm>

#include "text/jinja/unicode/unicode_tables.h"

namespace eft::jinja::unicode {
namespace {

bool within(std::span<const Range> ranges, char32_t code) {
  const auto found =
      std::upper_bound(ranges.begin(), ranges.end(), code, [](char32_t c, const Range& r) { return c < r.first; });
  return found != ranges.begin() && code <= std::prev(found)->last;
}

char32_t mapped(std::span<const CaseRange> ranges, char32_t code) {
  auto found =
      std::upper_bound(ranges.begin(), ranges.end(), code, [](char32_t c, const CaseRange& r) { return c < r.first; });
  // Ranges of stride two may enclose others, so a few before the nearest one are candidates too.
  for (int tries = 0; tries < 4 && found != ranges.begin(); ++tries) {
    --found;
    if (code <= found->last && (code - found->first) % found->stride == 0) {
      return static_cast<char32_t>(static_cast<std::int64_t>(code) + found->delta);
    }
  }
  return code;
}

const CaseSpecial* special(std::span<const CaseSpecial> rows, char32_t code) {
  const auto found =
      std::lower_bound(rows.begin(), rows.end(), code, [](const CaseSpecial& row, char32_t c) { return row.from < c; });
  return found != rows.end() && found->from == code ? &*found : nullptr;
}

void append_upper(std::string& out, char32_t code, std::span<const CaseSpecial> exceptions = kUpperSpecial) {
  if (code < 0x80) {
    out += static_cast<char>(code >= 'a' && code <= 'z' ? code - 32 : code);
  } else if (const auto* row = special(exceptions, code)) {
    for (char32_t part : row->to) {
      if (part != 0) append(out, part);
    }
  } else {
    append(out, mapped(kUpper, code));
  }
}

void append_lower(std::string& out, char32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code >= 'A' && code <= 'Z' ? code + 32 : code);
    return;
  }
  append(out, mapped(kLower, code));
  if (code == 0x130) append(out, 0x307);
}

/// Characters that the rule of the final sigma looks through.
bool is_case_ignorable(char32_t code) {
  return code == '\'' || code == '.' || code == ':' || code == 0x2019 || code == 0xad ||
         (code >= 0x300 && code < 0x370);
}

/// Capital sigma becomes the final form behind a letter with none following.
bool is_final_sigma(std::string_view text, std::size_t begin, std::size_t end) {
  bool before = false;
  for (std::size_t at = 0; at < begin;) {
    const char32_t code = next(text, at);
    if (!is_case_ignorable(code)) before = is_cased(code);
  }
  if (!before) return false;
  while (end < text.size()) {
    const char32_t code = next(text, end);
    if (!is_case_ignorable(code)) return !is_cased(code);
  }
  return true;
}

void append_lower_at(std::string& out, std::string_view text, std::size_t begin, std::size_t end, char32_t code) {
  if (code == 0x3a3 && is_final_sigma(text, begin, end)) {
    append(out, 0x3c2);
  } else {
    append_lower(out, code);
  }
}

template <class Each>
std::string map_characters(std::string_view text, Each each) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t code = next(text, at);
    each(out, begin, at, code);
  }
  return out;
}

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

}  // namespace

std::optional<std::size_t> find_invalid(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t count = sequence_length(lead);
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || at + count > text.size()) return at;
    std::size_t end = at;
    for (std::size_t i = 1; i < count; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return at;
    }
    const char32_t code = next(text, end);
    const bool overlong = (count == 3 && code < 0x800) || (count == 4 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return at;
    at = end;
  }
  return std::nullopt;
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

char32_t next(std::string_view text, std::size_t& position) {
  const auto lead = static_cast<unsigned char>(text[position]);
  const std::size_t count = std::min(sequence_length(lead), text.size() - position);
  char32_t code = lead;
  if (count > 1) code = lead & (0x7f >> count);
  for (std::size_t i = 1; i < count; ++i) code = code << 6 | (static_cast<unsigned char>(text[position + i]) & 0x3f);
  position += count;
  return code;
}

void append(std::string& text, char32_t code) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    next(text, at);
    parts.push_back(text.substr(begin, at - begin));
  }
  return parts;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; index > 0 && at < text.size(); --index) next(text, at);
  return at;
}

bool is_space(char32_t code) {
  if (code < 0x80) return code == ' ' || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
         code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool is_printable(char32_t code) { return !within(kNotPrintable, code); }
bool is_alpha(char32_t code) { return within(kAlpha, code); }
bool is_digit(char32_t code) { return within(kDigit, code); }
bool is_upper(char32_t code) { return mapped(kLower, code) != code; }
bool is_lower(char32_t code) {
  return is_alpha(code) && !is_upper(code) && (mapped(kUpper, code) != code || special(kUpperSpecial, code) != nullptr);
}
bool is_cased(char32_t code) { return is_upper(code) || is_lower(code); }

std::string upper(std::string_view text) {
  return map_characters(text, [](std::string& out, std::size_t, std::size_t, char32_t c) { append_upper(out, c); });
}

std::string lower(std::string_view text) {
  return map_characters(text, [&](std::string& out, std::size_t begin, std::size_t end, char32_t c) {
    append_lower_at(out, text, begin, end, c);
  });
}

std::string capitalize(std::string_view text) {
  return map_characters(text, [&](std::string& out, std::size_t begin, std::size_t end, char32_t c) {
    if (begin == 0) {
      append_upper(out, c, kTitleSpecial);
    } else {
      append_lower_at(out, text, begin, end, c);
    }
  });
}

std::string title(std::string_view text) {
  bool inside = false;
  return map_characters(text, [&](std::string& out, std::size_t begin, std::size_t end, char32_t c) {
    if (inside) {
      append_lower_at(out, text, begin, end, c);
    } else {
      append_upper(out, c, kTitleSpecial);
    }
    inside = is_cased(c);
  });
}

std::string swap_case(std::string_view text) {
  return map_characters(text, [&](std::string& out, std::size_t begin, std::size_t end, char32_t c) {
    if (is_upper(c)) {
      append_lower_at(out, text, begin, end, c);
    } else {
      append_upper(out, c);
    }
  });
}

std::string_view strip(std::string_view text, std::optional<std::string_view> set, bool left, bool right) {
  const auto drops = [&](std::string_view character) {
    if (set) return set->find(character) != std::string_view::npos;
    std::size_t at = 0;
    return is_space(next(character, at));
  };
  while (left && !text.empty()) {
    std::size_t end = 0;
    next(text, end);
    if (!drops(text.substr(0, end))) break;
    text.remove_prefix(end);
  }
  while (right && !text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    if (!drops(text.substr(begin))) break;
    text = text.substr(0, begin);
  }
  return text;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> lines;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next(text, at);
    const bool ends = (c >= 0x0a && c <= 0x0d) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
    if (!ends) continue;
    if (c == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back(text.substr(start, (keep_ends ? at : begin) - start));
    start = at;
  }
  if (start < text.size()) lines.push_back(text.substr(start));
  return lines;
}

}  // namespace eft::jinja::unicode
