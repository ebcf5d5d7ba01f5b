#pragma once

#include <memory>

#include "models/gemma3n/spec.h"
#include "models/model.h"

namespace eft::gemma3n {

/// The Gemma 3n text decoder. `disk` and `module` as for gemma4::make_text_model.
std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module);

}  // namespace eft::gemma3n
