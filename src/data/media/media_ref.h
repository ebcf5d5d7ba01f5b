#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// A picture, or a part of it, that stands in an example: where, and where its bytes are. Texts belong to what it was
/// made from.
struct MediaRef {
  std::uint32_t begin = 0;  ///< the first of its tokens, of one value
  std::uint32_t count = 0;  ///< of them
  std::uint32_t crop = 0;   ///< 0: the whole picture, else the number of its part from 1 on
  std::int64_t width = 0;   ///< of the whole picture, upright
  std::int64_t height = 0;
  std::string_view field;  ///< "messages[0].content[1]"
  std::string_view name;   ///< as the row calls it
  std::string_view path;   ///< of its file; empty: `bytes` are the file
  std::string_view bytes;
};

/// Puts one more at the end of a list of them, as it lies in an example.
void append_media(std::string& list, const MediaRef& ref);
/// The entries of a list; they belong to it.
std::vector<MediaRef> media_of(std::string_view list);
/// The entries whose tokens, with the one behind them, lie in front of token `end`, as a list.
std::string media_before(std::string_view list, std::uint32_t end);

}  // namespace eft
