#pragma once

#include "media/picture.h"

namespace eft {

enum class Filter : std::uint8_t { bilinear, bicubic };

/// The picture in another size, with antialiasing, by torch's fixed-point rule for 8-bit pictures: horizontally and
/// then vertically, each rounded to levels. Equal to torchvision's resize on the CPU in every level. Source: ATen,
/// UpSampleKernelAVXAntialias.h.
Picture resample(const Picture& picture, std::int64_t width, std::int64_t height, Filter filter);

/// The part of a picture that begins at (x, y); it may reach beyond the border, where it is cut.
Picture crop(const Picture& picture, std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height);

}  // namespace eft
