#pragma once

#include <memory>

#include "models/gemma4/spec.h"
#include "models/model.h"

namespace eft::gemma4 {

/// The Gemma 4 text decoder, dense and E kinds. `disk` and `module` are the prefixes of its parameters in the
/// checkpoint and in Transformers' memory ("model", or "model.language_model" inside the container).
std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module);

}  // namespace eft::gemma4
