#pragma once

#include <span>
#include <string_view>

#include "media/image_file.h"

namespace eft {

/// Bytes of one format with the name that errors begin with.
struct ImageBytes {
  std::string_view name;
  std::span<const std::byte> bytes;

  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(bytes.data()); }
  std::size_t size() const { return bytes.size(); }
};

/// Heads with the sizes as stored, before they are turned; and pictures likewise. Throw DataError.
ImageHeader read_jpeg_header(const ImageBytes& image);
Picture decode_jpeg(const ImageBytes& image, const ImageHeader& header);
ImageHeader read_png_header(const ImageBytes& image);
Picture decode_png(const ImageBytes& image, const ImageHeader& header);
ImageHeader read_webp_header(const ImageBytes& image);
Picture decode_webp(const ImageBytes& image, const ImageHeader& header);

/// The orientation that a TIFF block of EXIF gives, 1 to 8; 1 when it gives none or is broken.
int exif_orientation(std::span<const std::byte> tiff);

}  // namespace eft
