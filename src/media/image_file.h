#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "media/picture.h"

namespace eft {

/// What the bytes of an image may cost.
struct ImageLimits {
  std::int64_t pixels = 64'000'000;
  std::int64_t bytes = 256'000'000;
};

enum class ImageFormat : std::uint8_t { jpeg, png, webp };

/// What the head of an image says.
struct ImageHeader {
  ImageFormat format = ImageFormat::jpeg;
  std::int64_t width = 0;  ///< upright
  std::int64_t height = 0;
  int orientation = 1;        ///< as EXIF counts them, 1 to 8; 1: stored upright
  bool transparency = false;  ///< that is left out
};

/// Reads the head of JPEG, PNG or WebP, by what the bytes are, and sees whether their end is there. Throws DataError,
/// as "what, got, expected", which `name` begins: no such image, cut off, too large, 16 bits a channel, animated.
ImageHeader read_image_header(std::string_view name, std::span<const std::byte> bytes, const ImageLimits& limits);

/// The picture, upright, in RGB: palettes looked up, gray in all channels, alpha left out, CMYK by Pillow's rule; gamma
/// and colour profiles do not count. Equal to torchvision's decode_image level by level. Throws DataError.
Picture decode_image(std::string_view name, std::span<const std::byte> bytes, const ImageLimits& limits);

}  // namespace eft
