#include <webp/decode.h>

#include "base/error.h"
#include "media/formats.h"

namespace eft {

ImageHeader read_webp_header(const ImageBytes& image) {
  WebPBitstreamFeatures features;
  if (WebPGetFeatures(image.data(), image.size(), &features) != VP8_STATUS_OK) {
    throw DataError("{}: not a WebP that can be read", image.name);
  }
  if (features.has_animation != 0) {
    throw DataError("{}: an animated WebP, expected one picture; store a frame of it", image.name);
  }
  return {.format = ImageFormat::webp,
          .width = features.width,
          .height = features.height,
          .transparency = features.has_alpha != 0};
}

Picture decode_webp(const ImageBytes& image, const ImageHeader& header) {
  Picture picture{header.width, header.height, {}};
  picture.rgb.resize(static_cast<std::size_t>(header.width * header.height * 3));
  const auto* made = WebPDecodeRGBInto(image.data(), image.size(), picture.rgb.data(), picture.rgb.size(),
                                       static_cast<int>(header.width * 3));
  if (made == nullptr) throw DataError("{}: a WebP that is cut off or broken", image.name);
  return picture;
}

}  // namespace eft
