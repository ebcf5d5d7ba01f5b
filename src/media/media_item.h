#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

namespace eft {

/// What stands in a text in the place of tokens.
enum class MediaKind : std::uint8_t { image, video, audio };

/// What a tower gets of one picture: numbers in the layout of its family, for gemma3 [3, height, width]. Without values
/// only its extents are known, which is enough to plan.
struct MediaItem {
  MediaKind kind = MediaKind::image;
  std::vector<std::int64_t> extents;
  std::variant<std::vector<float>, std::vector<double>> values = {};
};

/// Tokens [begin, begin + count) of a batch that stand for an item: a row of its tower for each.
struct MediaSpan {
  std::int64_t begin;
  std::int64_t count;
  std::shared_ptr<const MediaItem> item;
};

/// Whether something stands both in front of token `at` and from it on.
inline bool cuts_media(std::span<const MediaSpan> media, std::int64_t at) {
  return std::ranges::any_of(media, [at](const MediaSpan& s) { return s.begin < at && at < s.begin + s.count; });
}

/// What stands among tokens [begin, end), counted from `begin`.
inline std::vector<MediaSpan> media_in(std::span<const MediaSpan> media, std::int64_t begin, std::int64_t end) {
  std::vector<MediaSpan> part;
  for (const MediaSpan& span : media) {
    if (span.begin >= begin && span.begin < end) part.push_back({span.begin - begin, span.count, span.item});
  }
  return part;
}

}  // namespace eft
