#pragma once

#include <filesystem>

namespace eft {

/// Throws where `folder` is no Hugging Face checkpoint that eft reads, and says what it is instead and what to do: a
/// file, an adapter, GGUF, weights quantised in a way that is not read, no weights in safetensors. Looks at names and
/// at config.json only, so that it comes before whatever takes long.
void check_model_folder(const std::filesystem::path& folder);

}  // namespace eft
