#include "media/image_layout.h"

namespace eft {

ImageExpansion expand_image(const ImageMarks& marks, std::size_t crops) {
  const std::string behind = marks.soft + marks.end + "\n\n";
  if (crops == 0) return {.before = "\n\n", .behind = behind};
  ImageExpansion whole{.before = "Here is the original image \n\n",
                       .behind = behind + " and here are some crops to help you see better "};
  for (std::size_t i = 0; i < crops; ++i) whole.behind += (i == 0 ? "\n\n" : " \n\n") + marks.begin + behind;
  return whole;
}

std::optional<std::string> expand_marks(std::string_view text, std::string_view mark,
                                        std::span<const ImageExpansion> expansions) {
  std::string expanded;
  std::size_t done = 0;
  for (const ImageExpansion& expansion : expansions) {
    const std::size_t at = text.find(mark, done);
    if (at == std::string_view::npos) return std::nullopt;
    expanded.append(text.substr(done, at - done)).append(expansion.before).append(mark).append(expansion.behind);
    done = at + mark.size();
  }
  if (text.find(mark, done) != std::string_view::npos) return std::nullopt;
  return expanded.append(text.substr(done));
}

}  // namespace eft
