#include "media/image_file.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "media/formats.h"

namespace eft {
namespace {

constexpr std::string_view kJpeg = "\xFF\xD8\xFF";
constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegEnd = "\xFF\xD9";
constexpr std::string_view kPngEnd = "IEND";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The first bytes as a message shows them.
std::string beginning(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, 12)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += std::isprint(byte) != 0 ? std::string(1, c) : fmt::format("\\x{:02x}", byte);
  }
  return shown;
}

[[noreturn]] void refuse(const ImageBytes& image, const char* what, const char* end) {
  throw DataError("{}: cut off: the {} has no {} at its end, after {} bytes", image.name, what, end, image.size());
}

/// Reads the head of what the bytes are, with the sizes as stored. Whether the end is there is seen too, since a cut
/// file shows nowhere else before its pixels are read.
ImageHeader stored_header(const ImageBytes& image) {
  const std::string_view text = text_of(image.bytes);
  if (text.starts_with(kJpeg)) {
    const ImageHeader header = read_jpeg_header(image);
    if (text.rfind(kJpegEnd) == std::string_view::npos) refuse(image, "JPEG", "end marker");
    return header;
  }
  if (text.starts_with(kPng)) {
    const ImageHeader header = read_png_header(image);
    if (text.rfind(kPngEnd) == std::string_view::npos) refuse(image, "PNG", "IEND chunk");
    return header;
  }
  if (text.starts_with("RIFF") && text.size() >= 12 && text.substr(8).starts_with("WEBP")) {
    const ImageHeader header = read_webp_header(image);
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size |= std::uint32_t{static_cast<unsigned char>(text[4 + i])} << (8 * i);
    if (std::uint64_t{size} + 8 > text.size()) {
      throw DataError("{}: cut off: the WebP has {} bytes, expected {}", image.name, text.size(), size + 8ULL);
    }
    return header;
  }
  if (text.empty()) throw DataError("{}: empty, expected an image", image.name);
  throw DataError("{}: no image that eft reads (begins with '{}'), expected JPEG, PNG or WebP", image.name,
                  beginning(text));
}

ImageHeader checked_header(const ImageBytes& image, const ImageLimits& limits) {
  if (static_cast<std::int64_t>(image.size()) > limits.bytes) {
    throw DataError("{}: {} bytes, expected at most media_max_bytes: {}", image.name, image.size(), limits.bytes);
  }
  const ImageHeader header = stored_header(image);
  if (header.width < 1 || header.height < 1) {
    throw DataError("{}: {} x {} pixels, expected at least one", image.name, header.width, header.height);
  }
  if (header.width > limits.pixels / header.height) {
    throw DataError("{}: {} x {} pixels, expected at most media_max_pixels: {}", image.name, header.width,
                    header.height, limits.pixels);
  }
  return header;
}

/// What a picture stored with an EXIF orientation looks like upright.
Picture upright(Picture stored, int orientation) {
  if (orientation == 1) return stored;
  const bool turned = orientation >= 5;  // columns and rows change places
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Picture picture{turned ? stored.height : stored.width, turned ? stored.width : stored.height, {}};
  picture.rgb.resize(stored.rgb.size());
  const std::int64_t width = stored.width, height = stored.height;
  std::uint8_t* to = picture.rgb.data();
  for (std::int64_t y = 0; y < picture.height; ++y) {
    for (std::int64_t x = 0; x < picture.width; ++x, to += 3) {
      std::int64_t column = turned ? y : x, row = turned ? x : y;
      if (flip_x) column = width - 1 - column;
      if (flip_y) row = height - 1 - row;
      std::copy_n(stored.rgb.data() + (row * width + column) * 3, 3, to);
    }
  }
  return picture;
}

}  // namespace

ImageHeader read_image_header(std::string_view name, std::span<const std::byte> bytes, const ImageLimits& limits) {
  ImageHeader header = checked_header({name, bytes}, limits);
  if (header.orientation >= 5) std::swap(header.width, header.height);
  return header;
}

Picture decode_image(std::string_view name, std::span<const std::byte> bytes, const ImageLimits& limits) {
  const ImageBytes image{name, bytes};
  const ImageHeader header = checked_header(image, limits);
  switch (header.format) {
    case ImageFormat::jpeg:
      return upright(decode_jpeg(image, header), header.orientation);
    case ImageFormat::png:
      return upright(decode_png(image, header), header.orientation);
    case ImageFormat::webp:
      break;
  }
  return upright(decode_webp(image, header), header.orientation);
}

}  // namespace eft
