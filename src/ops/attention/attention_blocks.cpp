#include "ops/attention/attention_blocks.h"

namespace eft {
namespace {

constexpr std::int64_t kMostQueriesPerBlock = 64;
constexpr std::int64_t kRowsPerBlock = 128;
constexpr std::int64_t kKeysPerBlock = 128;

}  // namespace

std::vector<QueryBlock> query_blocks(std::span<const AttentionSegment> segments, std::int64_t window,
                                     std::int64_t group) {
  const std::int64_t queries = std::clamp<std::int64_t>(kRowsPerBlock / group, 1, kMostQueriesPerBlock);
  std::vector<QueryBlock> blocks;
  for (const AttentionSegment& s : segments) {
    for (std::int64_t i = 0; i < s.query_count; i += queries) {
      const std::int64_t count = std::min(queries, s.query_count - i);
      const KeyRange first = visible_keys(s, window, i);
      const KeyRange last = visible_keys(s, window, i + count - 1);
      blocks.push_back({.segment = s,
                        .window = window,
                        .first = i,
                        .query_count = count,
                        .key_begin = s.key_begin + first.begin,
                        .key_count = last.end - first.begin});
    }
  }
  return blocks;
}

ReadKeys read_keys(std::span<const AttentionSegment> segments) {
  ReadKeys keys;
  for (const AttentionSegment& s : segments) {
    const bool same = !keys.ranges.empty() && keys.ranges.back().begin == s.key_begin;
    if (!same) keys.ranges.push_back({s.key_begin, s.key_begin});
    KeyRange& range = keys.ranges.back();
    AttentionSegment moved = s;
    moved.key_begin = keys.count - (range.end - range.begin);
    const std::int64_t further = std::max<std::int64_t>(s.key_begin + s.key_count - range.end, 0);
    range.end += further;
    keys.count += further;
    keys.segments.push_back(moved);
  }
  return keys;
}

std::vector<KeyBlock> key_blocks(std::span<const AttentionSegment> segments, std::int64_t keys) {
  std::vector<KeyBlock> blocks;
  std::int64_t covered = 0;
  for (std::size_t first = 0; first < segments.size();) {
    const std::int64_t begin = segments[first].key_begin;
    std::size_t last = first;  // one behind the segments that begin with the same key
    std::int64_t end = begin;
    for (; last < segments.size() && segments[last].key_begin == begin; ++last) {
      end = std::max(end, begin + segments[last].key_count);
    }
    expect(begin >= covered, "segments whose keys are the same or apart");
    if (begin > covered) blocks.push_back({covered, begin - covered});
    for (std::int64_t i = begin; i < end; i += kKeysPerBlock) {
      blocks.push_back({i, std::min(kKeysPerBlock, end - i)});
    }
    covered = end;
    first = last;
  }
  if (covered < keys) blocks.push_back({covered, keys - covered});
  return blocks;
}

KeyRange border_of_key_blocks(const QueryBlock& block) {
  const std::int64_t first = block.segment.key_begin;
  const std::int64_t begin = block.key_begin - first, end = begin + block.key_count;
  return {first + begin / kKeysPerBlock * kKeysPerBlock,
          first + (end + kKeysPerBlock - 1) / kKeysPerBlock * kKeysPerBlock};
}

}  // namespace eft
