#pragma once

#include <memory>

#include "models/gemma3/vision_spec.h"
#include "models/tower.h"

namespace eft::gemma3 {

/// Gemma 3's vision tower, SigLIP, and the projector behind it: an item of [channels, image_size, image_size] becomes
/// tokens_per_image rows. `tower` and `projector` are the scopes of their parameters.
std::unique_ptr<Tower> make_vision_tower(const VisionSpec& spec, const Scope& tower, const Scope& projector);

}  // namespace eft::gemma3
