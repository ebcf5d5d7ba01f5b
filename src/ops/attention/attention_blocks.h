#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "ops/attention/attention.h"

namespace eft {

/// Extents of one call and where its rows lie.
struct AttentionExtents {
  std::int64_t queries, heads, keys, kv_heads, head_dim;

  AttentionExtents(const Shape& q, const Shape& k)
      : queries(q[0]), heads(q[1]), keys(k[0]), kv_heads(k[1]), head_dim(q[2]) {}

  /// Query heads that share a key head.
  std::int64_t group() const { return heads / kv_heads; }
  /// Whether the rows of one group's heads do not lie evenly apart in queries.
  bool uneven() const { return kv_heads > 1 && group() > 1; }
  std::int64_t query_stride() const { return heads * head_dim; }
  std::int64_t key_stride() const { return kv_heads * head_dim; }
  template <class T>
  T* at_query(T* data, std::int64_t t, std::int64_t h) const {
    return data + (t * heads + h) * head_dim;
  }
  template <class T>
  T* at_key(T* data, std::int64_t t, std::int64_t h) const {
    return data + (t * kv_heads + h) * head_dim;
  }
};

/// Consecutive queries of a segment, the first its query `first`, with the keys to multiply them with. The query heads
/// of a group are multiplied together: rows of a block's scores are pairs of a query and a head, `group` heads of one
/// query behind each other.
struct QueryBlock {
  AttentionSegment segment;
  std::int64_t window;
  std::int64_t first, query_count;
  std::int64_t key_begin, key_count;

  std::int64_t query_begin() const { return segment.query_begin + first; }
  /// Columns that query i may see; possibly none.
  KeyRange seen(std::int64_t i) const {
    const KeyRange range = visible_keys(segment, window, first + i);
    const std::int64_t offset = key_begin - segment.key_begin;
    const std::int64_t begin = std::clamp<std::int64_t>(range.begin - offset, 0, key_count);
    return {begin, std::clamp<std::int64_t>(range.end - offset, begin, key_count)};
  }
};

struct KeyBlock {
  std::int64_t begin, count;
};

/// All queries in blocks for groups of `group` heads, each with every key that one of its queries sees.
std::vector<QueryBlock> query_blocks(std::span<const AttentionSegment> segments, std::int64_t window,
                                     std::int64_t group);

/// The keys that segments read, as if they lay end to end: a cache holds many more.
struct ReadKeys {
  std::vector<KeyRange> ranges;            ///< where they are
  std::vector<AttentionSegment> segments;  ///< those of the call, with keys counted among the ones that are read
  std::int64_t count = 0;
};
ReadKeys read_keys(std::span<const AttentionSegment> segments);

/// All keys in blocks that belong to the same segments.
std::vector<KeyBlock> key_blocks(std::span<const AttentionSegment> segments, std::int64_t keys);

/// The keys from the first to the last of the key blocks that a query block meets.
KeyRange border_of_key_blocks(const QueryBlock& block);

/// Rows of a panel of scores are so many elements longer than its keys, to fall into different sets of the cache.
inline constexpr std::int64_t kPanelPadding = 16;

/// The elements of queries copied so that their rows lie evenly apart.
inline std::int64_t elements_of_even_queries(const Shape& q, const Shape& k) {
  return AttentionExtents(q, k).uneven() ? q.elements() : 0;
}

/// The scores that backward keeps at a time: all of a short call, some queries of every head of a long one.
inline std::int64_t elements_of_batch(const Shape& q, const Shape& k) {
  constexpr std::int64_t kQueries = 128, kElements = 1 << 20;
  const std::int64_t of_a_query = q[1] * (k[0] + kPanelPadding);
  return std::min(q[0] * of_a_query, std::max(kQueries * of_a_query, kElements));
}

}  // namespace eft
