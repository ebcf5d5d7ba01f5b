#include "generate/image_prompt.h"

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "text/stable_pieces.h"

namespace eft {

ImagePrompter::ImagePrompter(ImageLayout layout, const Tokenizer& tokenizer)
    : layout_(std::move(layout)), tokenizer_(tokenizer) {
  const auto pieces = stable_pieces(tokenizer, std::array{layout_.begin, layout_.soft, layout_.end}, "images");
  marks_ = {.begin = pieces[0], .soft = pieces[1], .end = pieces[2]};
}

PromptImage ImagePrompter::read(const std::filesystem::path& file) const {
  if (!std::filesystem::is_regular_file(file)) throw FileError("{}: no such file, expected an image", file.string());
  const Picture picture = decode_image(file.string(), MappedFile(file).bytes(), layout_.limits);
  PromptImage image{.name = file.string(), .items = {layout_.processor.item(picture)}};
  for (const CropArea& area : layout_.processor.crops(picture.width, picture.height)) {
    image.items.push_back(layout_.processor.item(crop(picture, area.x, area.y, area.width, area.height)));
  }
  return image;
}

Prompt ImagePrompter::prompt(std::string_view text, const std::vector<PromptImage>& images) const {
  std::vector<ImageExpansion> expansions;
  std::vector<std::shared_ptr<const MediaItem>> items;
  for (const PromptImage& image : images) {
    expansions.push_back(expand_image(marks_, image.items.size() - 1));
    items.insert(items.end(), image.items.begin(), image.items.end());
  }
  const auto expanded = expand_marks(text, marks_.begin, expansions);
  if (!expanded) {
    throw DataError("the prompt has another number of places '{}' than the {} images", marks_.begin, images.size());
  }
  Prompt prompt;
  for (const TokenId token : tokenizer_.encode(*expanded)) {
    if (token != layout_.soft) {
      prompt.tokens.push_back(token);
      continue;
    }
    if (prompt.media.size() == items.size()) throw DataError("the prompt has '{}' in its text", marks_.soft);
    prompt.media.push_back({.begin = static_cast<std::int64_t>(prompt.tokens.size()),
                            .count = layout_.rows,
                            .item = items[prompt.media.size()]});
    prompt.tokens.insert(prompt.tokens.end(), static_cast<std::size_t>(layout_.rows), token);
  }
  return prompt;
}

}  // namespace eft
