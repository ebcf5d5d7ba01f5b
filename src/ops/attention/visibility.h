#pragma once

#include <algorithm>
#include <cstdint>

namespace eft {

/// Queries [query_begin, query_begin + query_count) attend to keys [key_begin, key_begin + key_count) and to nothing
/// else. The last query stands at the last key's position, so that earlier keys may come from a cache, and a run of
/// queries out of the middle of a sequence is a segment that ends with the run's last key.
struct AttentionSegment {
  std::int64_t query_begin;
  std::int64_t query_count;
  std::int64_t key_begin;
  std::int64_t key_count;
  /// Whether a query sees no later key. An image in a text is a segment that is not causal: its queries see each other
  /// and everything in front of it.
  bool causal = true;
  /// Whether the window ends what a query of a segment that is not causal sees ahead, too. In an image it does not.
  bool window_ahead = true;

  /// Where a query of the segment, counted from its first, stands among the segment's keys.
  constexpr std::int64_t position(std::int64_t query) const { return key_count - query_count + query; }
};

struct KeyRange {
  std::int64_t begin, end;
  constexpr bool contains(std::int64_t key) const { return begin <= key && key < end; }
};
struct QueryRange {
  std::int64_t begin, end;
};

/// The keys that a query sees, both counted from the segment's first: those less than `window` positions away (0: all)
/// in either direction (ahead only with window_ahead), and no later ones in a causal segment. The one statement of this
/// rule, for all devices.
constexpr KeyRange visible_keys(const AttentionSegment& segment, std::int64_t window, std::int64_t query) {
  const std::int64_t position = segment.position(query);
  KeyRange range{0, segment.causal ? std::min(segment.key_count, position + 1) : segment.key_count};
  if (window > 0) {
    range.begin = std::max(range.begin, position - window + 1);
    if (segment.window_ahead) range.end = std::min(range.end, position + window);
  }
  return range;
}

/// The queries that see one of the keys [low, high), counted likewise; begin ≥ end when there are none.
constexpr QueryRange queries_seeing(const AttentionSegment& segment, std::int64_t window, std::int64_t low,
                                    std::int64_t high) {
  const std::int64_t before = segment.position(0);
  QueryRange range{segment.causal ? std::max<std::int64_t>(low - before, 0) : 0, segment.query_count};
  if (window > 0) {
    if (segment.window_ahead) range.begin = std::max(range.begin, low - window + 1 - before);
    range.end = std::min(range.end, high - 1 + window - before);
  }
  return range;
}

}  // namespace eft
