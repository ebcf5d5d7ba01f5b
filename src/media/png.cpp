#include <png.h>

#include <cstring>
#include <vector>

#include "base/error.h"
#include "media/formats.h"

namespace eft {
namespace {

/// A reader of libpng over bytes in memory, which is let go at the end.
struct Reader {
  ImageBytes image;
  std::size_t at = 0;
  char message[160] = {};
  png_structp png = nullptr;
  png_infop info = nullptr;

  explicit Reader(const ImageBytes& bytes) : image(bytes) {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, [](png_structp, png_const_charp) {});
    info = png != nullptr ? png_create_info_struct(png) : nullptr;
    if (info == nullptr) throw DataError("{}: no memory for a PNG reader", image.name);
    png_set_read_fn(png, this, read);
    png_set_chunk_malloc_max(png, 8U << 20);
  }
  ~Reader() { png_destroy_read_struct(&png, info != nullptr ? &info : nullptr, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  static void fail(png_structp png, png_const_charp text) {
    auto* reader = static_cast<Reader*>(png_get_error_ptr(png));
    std::strncpy(reader->message, text, sizeof(reader->message) - 1);
    png_longjmp(png, 1);
  }
  static void read(png_structp png, png_bytep to, std::size_t count) {
    auto* reader = static_cast<Reader*>(png_get_io_ptr(png));
    if (reader->image.size() - reader->at < count) png_error(png, "cut off");
    std::memcpy(to, reader->image.data() + reader->at, count);
    reader->at += count;
  }
  [[noreturn]] void raise() const {
    if (std::strcmp(message, "cut off") == 0) {
      throw DataError("{}: cut off: the PNG ends after {} bytes", image.name, image.size());
    }
    throw DataError("{}: not a PNG that can be read: {}", image.name, message);
  }
};

/// Reads the chunks in front of the pixels; false when the library fails. Nothing with a destructor lives in here, for
/// longjmp's sake.
bool read_head(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_info(reader.png, reader.info);
  return true;
}

bool read_rows(Reader& reader, png_bytep* rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_expand(reader.png);
  png_set_gray_to_rgb(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  if (png_get_rowbytes(reader.png, reader.info) != png_get_image_width(reader.png, reader.info) * 3) {
    png_error(reader.png, "its pixels are no colours");
  }
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

ImageHeader read_png_header(const ImageBytes& image) {
  Reader reader(image);
  if (!read_head(reader)) reader.raise();
  if (png_get_bit_depth(reader.png, reader.info) == 16) {
    throw DataError("{}: a PNG with 16 bits a channel, expected 8; convert it", image.name);
  }
  ImageHeader header{.format = ImageFormat::png,
                     .width = png_get_image_width(reader.png, reader.info),
                     .height = png_get_image_height(reader.png, reader.info)};
  header.transparency = (png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_ALPHA) != 0 ||
                        png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
  png_bytep exif = nullptr;
  png_uint_32 size = 0;
  if (png_get_eXIf_1(reader.png, reader.info, &size, &exif) != 0) {
    header.orientation = exif_orientation({reinterpret_cast<const std::byte*>(exif), size});
  }
  return header;
}

Picture decode_png(const ImageBytes& image, const ImageHeader& header) {
  Picture picture{header.width, header.height, {}};
  picture.rgb.resize(static_cast<std::size_t>(header.width * header.height * 3));
  std::vector<png_bytep> rows;
  for (std::int64_t y = 0; y < header.height; ++y) rows.push_back(picture.rgb.data() + y * header.width * 3);
  Reader reader(image);
  if (!read_head(reader) || !read_rows(reader, rows.data())) reader.raise();
  return picture;
}

}  // namespace eft
