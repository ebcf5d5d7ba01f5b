#include "data/batches/split.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace eft {
namespace {

[[noreturn]] void refuse(const std::string& split) {
  throw ConfigError("split: '{}' is no split, expected for instance train, train[:10%], train[100:200]", split);
}

/// One side of "10%:20%"; an empty one is left out.
std::optional<std::int64_t> parse_bound(std::string text, bool& percent, const std::string& split) {
  std::erase(text, '_');
  percent = text.ends_with('%');
  if (percent) text.pop_back();
  if (text.empty() && !percent) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(split);
  if (percent && std::abs(value) > 100) refuse(split);
  return value;
}

SplitPart parse_part(std::string text, const std::string& split) {
  SplitPart part;
  for (const std::string rounding : {"(closest)", "(pct1_dropremainder)"}) {
    if (!text.ends_with(rounding)) continue;
    text.erase(text.size() - rounding.size());
    part.drop_remainder = rounding != "(closest)";
  }
  const auto open = text.find('[');
  part.name = text.substr(0, open);
  if (part.name.empty()) refuse(split);
  if (open == std::string::npos) return part;
  const auto colon = text.find(':', open);
  if (!text.ends_with(']') || colon == std::string::npos) refuse(split);
  part.from = parse_bound(text.substr(open + 1, colon - open - 1), part.from_percent, split);
  part.to = parse_bound(text.substr(colon + 1, text.size() - colon - 2), part.to_percent, split);
  return part;
}

std::int64_t absolute(std::int64_t bound, bool percent, bool drop_remainder, std::int64_t rows) {
  if (percent) {
    bound = drop_remainder ? bound * (rows / 100) : std::llrint(static_cast<double>(bound * rows) / 100.0);
  }
  if (bound < 0) bound = std::max<std::int64_t>(rows + bound, 0);
  return std::min(bound, rows);
}

}  // namespace

std::vector<SplitPart> parse_split(const std::string& split) {
  std::string text = split;
  std::erase(text, ' ');
  std::vector<SplitPart> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('+', begin), text.size());
    parts.push_back(parse_part(text.substr(begin, end - begin), split));
    begin = end + 1;
  }
  return parts;
}

bool needs_count(const SplitPart& part) {
  return part.from_percent || part.to_percent || part.from.value_or(0) < 0 || part.to.value_or(0) < 0;
}

RowRange range_of(const SplitPart& part, std::int64_t rows) {
  const std::int64_t begin = part.from ? absolute(*part.from, part.from_percent, part.drop_remainder, rows) : 0;
  const std::int64_t end = part.to ? absolute(*part.to, part.to_percent, part.drop_remainder, rows) : rows;
  return {begin, std::max(begin, end)};
}

}  // namespace eft
