#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/chat/conversation.h"
#include "data/chat/turn.h"
#include "data/media/image_source.h"
#include "data/store/example.h"
#include "media/image_layout.h"

namespace eft {

/// Brings the images of rows into conversations: finds them, makes places for them in the rendered text, and tokens of
/// these places.
class ImageInserter {
 public:
  /// Throws ConfigError where the tokenizer is not one for the layout.
  ImageInserter(const ImageLayout& layout, const Tokenizer& tokenizer);

  /// Throws DataError for a text of the conversation in which a mark of an image stands.
  void refuse_marks(const Conversation& conversation, const std::string& where) const;
  /// The image of each part that is one, in order, from the part itself or from the row's column. Without such parts
  /// those of the column go behind the parts of the first user message. Throws DataError for images that cannot be
  /// read, and for other numbers of them than there are places.
  std::vector<FoundImage> find(const nlohmann::ordered_json& row, Conversation& conversation,
                               const ImagePlaces& places) const;
  /// Puts the text of each image into the rendered conversation.
  void expand(RenderedConversation& rendered, const std::vector<FoundImage>& images) const;
  /// Makes as many soft tokens of each as the tower makes rows, tells the example where its images are, and takes the
  /// loss from their tokens.
  void insert(Example& example, const std::vector<FoundImage>& images) const;

  const ImageLayout& layout() const { return layout_; }

 private:
  /// Parts in which an image is shown beside the whole.
  std::size_t crops(const FoundImage& image) const {
    return layout_.processor.crops(image.header.width, image.header.height).size();
  }

  ImageLayout layout_;
  ImageMarks marks_;
};

}  // namespace eft
