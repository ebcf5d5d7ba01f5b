#pragma once

#include <filesystem>
#include <optional>

#include "media/image_layout.h"

namespace eft {

/// How the model of a folder takes images, by its config.json and its processor's files; nothing where it does not, or
/// where eft does not know its vision tower. Throws ConfigError.
std::optional<ImageLayout> image_layout_of(const std::filesystem::path& folder);

}  // namespace eft
