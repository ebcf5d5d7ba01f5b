#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include "media/media_item.h"
#include "media/picture.h"
#include "media/resample.h"

namespace eft {

/// Whether large pictures are also shown in parts, and which.
struct PanAndScan {
  bool on = false;
  std::int64_t min_crop_size = 256;
  std::int64_t max_num_crops = 4;
  double min_ratio_to_activate = 1.2;
};

/// A part of a picture.
struct CropArea {
  std::int64_t x, y, width, height;
};

/// What becomes of a picture before Gemma 3's tower gets it, as Transformers' image processor does it: brought to one
/// size, levels to numbers.
struct ImageProcessor {
  std::int64_t width = 896;
  std::int64_t height = 896;
  Filter filter = Filter::bilinear;
  double rescale_factor = 1.0 / 255;
  bool normalizes = true;
  std::array<double, 3> mean = {0.5, 0.5, 0.5};
  std::array<double, 3> deviation = {0.5, 0.5, 0.5};
  PanAndScan pan_and_scan;

  /// The parts in which a picture of this size is shown beside the whole; mostly none.
  std::vector<CropArea> crops(std::int64_t picture_width, std::int64_t picture_height) const;
  /// The tower's input for a picture, or for a part of it.
  std::shared_ptr<const MediaItem> item(const Picture& picture) const;
  /// The same without values.
  std::shared_ptr<const MediaItem> planned_item() const;
};

/// Reads preprocessor_config.json of a model folder, or the image_processor of its processor_config.json; without
/// either the sizes of `image_size` and what the released models have. `tokens`: of the tower for a picture. Throws
/// ConfigError for what eft would do differently, and for another number of tokens.
ImageProcessor read_image_processor(const std::filesystem::path& folder, std::int64_t image_size, std::int64_t tokens);

}  // namespace eft
