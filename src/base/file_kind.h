#pragma once

#include <string>
#include <string_view>

namespace eft {

/// What a file is that stands where weights or JSON should, by how it begins, and what to do ("a Git LFS pointer, not
/// the file itself; run `git lfs pull` …"); empty for what is not recognised.
std::string known_impostor(std::string_view text);

/// What every kind of model that is not supported says after its name.
inline constexpr const char* kSafetensorsInstead =
    "expected a Hugging Face checkpoint folder with safetensors, as `hf download` fetches it";

}  // namespace eft
