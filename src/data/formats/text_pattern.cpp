#include "data/formats/text_pattern.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace eft {

TextPattern::TextPattern(const std::string& key, std::string_view text, std::vector<std::string> names) {
  std::string run;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if ((c == '{' || c == '}') && doubled) {
      run += c;
      ++i;
    } else if (c == '{') {
      const std::size_t end = std::min(text.find('}', i), text.size());
      const std::string name(text.substr(i + 1, end - i - 1));
      const auto found = std::find(names.begin(), names.end(), name);
      if (end == text.size() || found == names.end()) {
        throw ConfigError("{}: {{{}}} is no name, expected {{{}}}; a brace is written {{{{ or }}}}", key, name,
                          fmt::join(names, "}, {"));
      }
      pieces_.push_back({std::move(run), static_cast<int>(found - names.begin())});
      run.clear();
      i = end;
    } else if (c == '}') {
      throw ConfigError("{}: a single }}, expected }}}} for a brace in the text", key);
    } else {
      run += c;
    }
  }
  if (!run.empty()) pieces_.push_back({std::move(run), -1});
}

std::string TextPattern::fill(std::span<const std::string_view> values) const {
  std::string text;
  for (const Piece& piece : pieces_) {
    text += piece.text;
    if (piece.name >= 0) text += values[static_cast<std::size_t>(piece.name)];
  }
  return text;
}

}  // namespace eft
