#include "models/patches.h"

#include "base/parallel.h"

namespace eft {
namespace {

/// Writes the patches of rows [begin, end) of patches.
template <class From, class To>
void unfold(const MediaItem& picture, std::int64_t size, const From* pixels, To* patches, std::int64_t begin,
            std::int64_t end) {
  const std::int64_t channels = picture.extents[0], height = picture.extents[1], width = picture.extents[2];
  const std::int64_t across = width / size;
  for (std::int64_t y = begin; y < end; ++y) {
    To* to = patches + y * across * channels * size * size;
    for (std::int64_t x = 0; x < across; ++x) {
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t row = 0; row < size; ++row) {
          const From* from = pixels + (c * height + y * size + row) * width + x * size;
          for (std::int64_t column = 0; column < size; ++column)
            *to++ = static_cast<To>(static_cast<Accumulator<To>>(from[column]));
        }
      }
    }
  }
}

}  // namespace

Tensor square_patches(Context& ctx, const MediaItem& picture, std::int64_t size, DType dtype) {
  const std::int64_t down = picture.extents.at(1) / size, across = picture.extents.at(2) / size;
  const Shape shape{down * across, picture.extents[0] * size * size};
  Tensor patches = ctx.output(dtype, shape);
  const bool empty = std::visit([](const auto& values) { return values.empty(); }, picture.values);
  if (empty) zero(patches);
  if (empty || ctx.device() == Device::meta) return patches;
  const bool here = ctx.device() == Device::cpu;
  Pool host(Device::cpu);
  Tensor laid_out = here ? patches : Tensor(host, Category::workspace, dtype, shape);
  std::visit(
      [&](const auto& values) {
        dispatch(dtype, [&](auto tag) {
          parallel_for(down, 1, [&](std::int64_t begin, std::int64_t end) {
            unfold(picture, size, values.data(), laid_out.data<decltype(tag)>(), begin, end);
          });
        });
      },
      picture.values);
  if (!here) convert(laid_out, patches);
  return patches;
}

}  // namespace eft
