#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace eft {

/// Whether a module or parameter, by its path in Transformers' memory, is of a tower or its projector: by the parts of
/// the path that Axolotl's freeze_mm_modules knows.
inline bool is_of_tower(std::string_view path) {
  constexpr std::array<std::string_view, 9> kParts = {"vision_tower", "vision_model",          "vision_encoder",
                                                      "embed_vision", "multi_modal_projector", "visual",
                                                      "audio_tower",  "audio_model",           "embed_audio"};
  while (!path.empty()) {
    const auto dot = path.find('.');
    if (std::ranges::find(kParts, path.substr(0, dot)) != kParts.end()) return true;
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return false;
}

}  // namespace eft
