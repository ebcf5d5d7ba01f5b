#pragma once

#include <memory>
#include <vector>

#include "data/data_options.h"
#include "data/media/media_ref.h"
#include "data/store/example.h"
#include "media/image_layout.h"

namespace eft {

/// Makes what a tower gets of the images of examples. Safe from any thread.
class MediaDecoder {
 public:
  MediaDecoder(ImageLayout layout, BadRow on_bad_row) : layout_(std::move(layout)), on_bad_row_(on_bad_row) {}

  /// The image of `ref`, which `source` ("rows.jsonl:12") names in messages. Null for one that cannot be read where bad
  /// rows are dropped, which is told once; else throws DataError or FileError. Also when it is another picture by now
  /// than the row was prepared with.
  std::shared_ptr<const MediaItem> decode(const MediaRef& ref, const std::string& source) const;
  /// An image without values.
  std::shared_ptr<const MediaItem> planned() const { return layout_.processor.planned_item(); }
  /// One of zeros, for an image that could not be read.
  std::shared_ptr<const MediaItem> blank() const;
  const ImageLayout& layout() const { return layout_; }

 private:
  ImageLayout layout_;
  BadRow on_bad_row_;
};

/// The images of an example, in order, as decode() gives them.
using MediaItems = std::vector<std::shared_ptr<const MediaItem>>;
MediaItems decode_media(const MediaDecoder& decoder, const ExampleView& example);

}  // namespace eft
