#pragma once

#include <memory>

#include "models/gemma3n/spec.h"
#include "models/model.h"

namespace eft::gemma3n {

/// The Gemma 3n text decoder. `disk` and `module` are the prefixes of its parameters in the checkpoint and in
/// Transformers' memory.
std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module);

}  // namespace eft::gemma3n
