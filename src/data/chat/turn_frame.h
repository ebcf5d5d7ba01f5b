#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// Bytes [begin, end) of a rendered conversation.
struct ByteSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// A turn that is nothing but text, and what stood in its place in another rendering.
struct FramedTurn {
  std::string_view content;
  std::string placeholder;
};

/// Where the contents of turns stand in `text`, found from one rendering of the same conversation with placeholders in
/// the place of all of them. What is left around the placeholders is the template's frame; when `text` is exactly this
/// frame around the contents, as they are or without white space at their ends, those are the turns. Nothing when it is
/// not: a template may look at what a turn says.
std::optional<std::vector<ByteSpan>> find_in_frame(std::string_view text, std::string_view framed,
                                                   const std::vector<FramedTurn>& turns);

}  // namespace eft
