#include "models/image_layout.h"

#include "models/registry.h"

namespace eft {

std::optional<ImageLayout> image_layout_of(const std::filesystem::path& folder) {
  const BuiltModel built =
      build_model(folder / "config.json", LinearPolicy(), nullptr, {.vision = Vision::where_stored});
  const Tower* tower = built.model->tower(MediaKind::image);
  if (tower == nullptr) return std::nullopt;
  const ModelInfo& info = built.model->info();
  const auto item = tower->planned();
  const std::int64_t rows = tower->rows_of(*item);
  return ImageLayout{.family = info.family,
                     .begin = info.image->begin,
                     .soft = info.image->soft,
                     .end = info.image->end,
                     .rows = rows,
                     .processor = read_image_processor(folder, item->extents.at(1), rows),
                     .limits = {}};
}

}  // namespace eft
