#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstring>

// After cstdio, whose FILE it names.
#include <jerror.h>
#include <jpeglib.h>

#include "base/error.h"
#include "media/formats.h"

namespace eft {
namespace {

constexpr int kMostScans = 500;  // of a progressive file; more take time and show nothing

/// The library's errors come back to where `back` was set; warnings go by, but that the data end too early.
struct Errors {
  jpeg_error_mgr base;  // first: the library knows this part
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

void fail(j_common_ptr info) {
  auto* errors = reinterpret_cast<Errors*>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->back, 1);
}

void hear(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) fail(info);
}

void watch(j_common_ptr info) {
  auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number <= kMostScans) return;
  auto* errors = reinterpret_cast<Errors*>(info->err);
  std::snprintf(errors->message, sizeof(errors->message), "more than %d scans", kMostScans);
  std::longjmp(errors->back, 1);
}

/// A decoder that is let go at the end.
struct Decoder {
  jpeg_decompress_struct info{};
  Errors errors{};
  jpeg_progress_mgr progress{};

  Decoder() {
    info.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = fail;
    errors.base.emit_message = hear;
    progress.progress_monitor = watch;
  }
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  [[noreturn]] void raise(const ImageBytes& image) const {
    const bool cut = info.err->msg_code == JWRN_JPEG_EOF || info.err->msg_code == JERR_INPUT_EOF;
    if (cut) throw DataError("{}: cut off: the JPEG ends after {} bytes", image.name, image.size());
    throw DataError("{}: not a JPEG that can be read: {}", image.name, errors.message);
  }
};

/// Reads the head; false when the library fails. Nothing with a destructor lives in here, for longjmp's sake.
bool read_head(Decoder& decoder, const ImageBytes& image) {
  if (setjmp(decoder.errors.back) != 0) return false;
  jpeg_create_decompress(&decoder.info);
  decoder.info.progress = &decoder.progress;
  jpeg_mem_src(&decoder.info, image.data(), static_cast<unsigned long>(image.size()));
  jpeg_save_markers(&decoder.info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&decoder.info, TRUE);
  return true;
}

/// Reads all rows into `rgb`, those of a CMYK file by way of `row`.
bool read_rows(Decoder& decoder, bool cmyk, std::uint8_t* row, std::uint8_t* rgb) {
  if (setjmp(decoder.errors.back) != 0) return false;
  decoder.info.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&decoder.info);
  const std::size_t width = decoder.info.output_width;
  while (decoder.info.output_scanline < decoder.info.output_height) {
    std::uint8_t* to = rgb + decoder.info.output_scanline * width * 3;
    JSAMPROW target = cmyk ? row : to;
    jpeg_read_scanlines(&decoder.info, &target, 1);
    if (!cmyk) continue;
    for (std::size_t i = 0; i < width; ++i) {
      const int black = row[4 * i + 3];
      for (std::size_t c = 0; c < 3; ++c) {
        const int product = (255 - row[4 * i + c]) * black + 128;
        to[3 * i + c] = static_cast<std::uint8_t>(std::clamp(black - ((product + (product >> 8)) >> 8), 0, 255));
      }
    }
  }
  jpeg_finish_decompress(&decoder.info);
  return true;
}

int orientation_of(const Decoder& decoder) {
  constexpr char kExif[] = "Exif\0";  // and the zero behind it
  for (const auto* marker = decoder.info.marker_list; marker != nullptr; marker = marker->next) {
    if (marker->data_length < sizeof(kExif) || std::memcmp(marker->data, kExif, sizeof(kExif)) != 0) continue;
    return exif_orientation({reinterpret_cast<const std::byte*>(marker->data) + sizeof(kExif),
                             static_cast<std::size_t>(marker->data_length) - sizeof(kExif)});
  }
  return 1;
}

}  // namespace

ImageHeader read_jpeg_header(const ImageBytes& image) {
  Decoder decoder;
  if (!read_head(decoder, image)) decoder.raise(image);
  return {.format = ImageFormat::jpeg,
          .width = decoder.info.image_width,
          .height = decoder.info.image_height,
          .orientation = orientation_of(decoder)};
}

Picture decode_jpeg(const ImageBytes& image, const ImageHeader& header) {
  Picture picture{header.width, header.height, {}};
  picture.rgb.resize(static_cast<std::size_t>(header.width * header.height * 3));
  Decoder decoder;
  if (!read_head(decoder, image)) decoder.raise(image);
  const bool cmyk = decoder.info.jpeg_color_space == JCS_CMYK || decoder.info.jpeg_color_space == JCS_YCCK;
  std::vector<std::uint8_t> row(cmyk ? static_cast<std::size_t>(header.width * 4) : 0);
  if (!read_rows(decoder, cmyk, row.data(), picture.rgb.data())) decoder.raise(image);
  return picture;
}

}  // namespace eft
