#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "media/image_layout.h"
#include "media/media_item.h"
#include "text/tokenizer.h"

namespace eft {

/// An image of a prompt: what the tower gets of it and, with pan and scan, of its parts.
struct PromptImage {
  std::string name;
  std::vector<std::shared_ptr<const MediaItem>> items;
};

/// Tokens to continue, with the images among them.
struct Prompt {
  std::vector<TokenId> tokens;
  std::vector<MediaSpan> media = {};
};

/// Brings images into prompts.
class ImagePrompter {
 public:
  /// Throws ConfigError where the tokenizer is not one for the layout.
  ImagePrompter(ImageLayout layout, const Tokenizer& tokenizer);

  /// Throws FileError or DataError.
  PromptImage read(const std::filesystem::path& file) const;
  /// `text`, in which a mark stands for each image. Throws DataError where there are more or fewer.
  Prompt prompt(std::string_view text, const std::vector<PromptImage>& images) const;
  /// What stands for an image in a text.
  const std::string& mark() const { return marks_.begin; }

 private:
  ImageLayout layout_;
  Tokenizer tokenizer_;
  ImageMarks marks_;
};

}  // namespace eft
