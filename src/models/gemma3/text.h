#pragma once

#include <memory>

#include "models/gemma3/spec.h"
#include "models/model.h"

namespace eft::gemma3 {

/// The Gemma 3 text decoder. `disk` and `module` are the prefixes of its parameters in the checkpoint and in
/// Transformers' memory ("model", or "language_model.model" and "model.language_model" inside the container).
std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module);

}  // namespace eft::gemma3
