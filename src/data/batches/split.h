#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eft {

/// Rows [begin, end) of a sequence.
struct RowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// One "train[10%:20%]" of a split.
struct SplitPart {
  std::string name;
  std::optional<std::int64_t> from;
  std::optional<std::int64_t> to;  ///< negative numbers count from the end
  bool from_percent = false;
  bool to_percent = false;
  bool drop_remainder = false;
};

/// Parses "train", "train[:10%]", "train[100:200]+train[-50:]" as the `datasets` library does. Throws ConfigError.
std::vector<SplitPart> parse_split(const std::string& split);

/// Whether the number of rows must be known: for shares, and for what counts from the end.
bool needs_count(const SplitPart& part);

/// The rows that a part takes of `rows` rows; shares are rounded to the nearest row, halves to the even one, or are
/// that many hundredths of the rows, the last odd ones left out, with "train[:10%](pct1_dropremainder)".
RowRange range_of(const SplitPart& part, std::int64_t rows);

}  // namespace eft
