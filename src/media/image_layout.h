#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "media/image_file.h"
#include "media/image_processor.h"

namespace eft {

/// How a model takes images: the tokens that stand for one, and what becomes of its pixels.
struct ImageLayout {
  std::string family;  ///< "gemma3"
  std::int32_t begin = 0, soft = 0, end = 0;
  std::int64_t rows = 0;  ///< soft tokens of a picture
  ImageProcessor processor;
  ImageLimits limits;
};

/// The tokens of a layout as the tokenizer writes them. A chat template prints `begin` for an image.
struct ImageMarks {
  std::string begin, soft, end;
};

/// What goes around the mark that a chat template prints for a picture, so that the mark with it stands for the picture
/// and its parts: each of them begins, has one soft token, and ends. The tokenizer gets the text of that, since line
/// breaks at its borders become one token with those beside them.
struct ImageExpansion {
  std::string before, behind;
};
ImageExpansion expand_image(const ImageMarks& marks, std::size_t crops);

/// `text` with each `mark` in it expanded, one of `expansions` for each in order; nothing where there are more or
/// fewer.
std::optional<std::string> expand_marks(std::string_view text, std::string_view mark,
                                        std::span<const ImageExpansion> expansions);

}  // namespace eft
