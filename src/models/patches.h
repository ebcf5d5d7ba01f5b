#pragma once

#include "autograd/tape.h"
#include "media/media_item.h"

namespace eft {

/// The square patches of a picture [channels, height, width], row by row: [patches, channels·size²], each in the order
/// (channel, row, column), on the context's device. Zero without values.
Tensor square_patches(Context& ctx, const MediaItem& picture, std::int64_t size, DType dtype);

}  // namespace eft
