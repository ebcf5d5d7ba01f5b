#include "data/media/media_decoder.h"

#include <span>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace eft {
namespace {

Picture read_picture(const MediaRef& ref, const std::string& title, const ImageLimits& limits) {
  if (ref.path.empty()) return decode_image(title, std::as_bytes(std::span(ref.bytes)), limits);
  return decode_image(title, MappedFile(ref.path).bytes(), limits);
}

}  // namespace

std::shared_ptr<const MediaItem> MediaDecoder::decode(const MediaRef& ref, const std::string& source) const {
  const std::string title = fmt::format("{}: {}: '{}'", source, ref.field, ref.name);
  try {
    const Picture picture = read_picture(ref, title, layout_.limits);
    if (picture.width != ref.width || picture.height != ref.height) {
      throw DataError("{}: {} x {} pixels, the row was prepared with {} x {}; set another dataset_prepared_path", title,
                      picture.width, picture.height, ref.width, ref.height);
    }
    if (ref.crop == 0) return layout_.processor.item(picture);
    const CropArea area = layout_.processor.crops(ref.width, ref.height).at(ref.crop - 1);
    return layout_.processor.item(crop(picture, area.x, area.y, area.width, area.height));
  } catch (const Error& error) {
    if (on_bad_row_ != BadRow::drop) throw;
    note(fmt::format("{}; its row bears no loss, as on_bad_row: drop says", error.what()));
    return nullptr;
  }
}

std::shared_ptr<const MediaItem> MediaDecoder::blank() const {
  auto item = std::make_shared<MediaItem>(*planned());
  std::int64_t size = 1;
  for (const std::int64_t extent : item->extents) size *= extent;
  item->values = std::vector<float>(static_cast<std::size_t>(size));
  return item;
}

MediaItems decode_media(const MediaDecoder& decoder, const ExampleView& example) {
  MediaItems items;
  for (const MediaRef& ref : media_of(example.media)) items.push_back(decoder.decode(ref, example.source()));
  return items;
}

}  // namespace eft
