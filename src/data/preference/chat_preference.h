#pragma once

#include <memory>

#include "data/preference/preference.h"
#include "text/chat_template.h"

namespace eft {

/// `type: chat_template.…` with `rl`: prompts and answers in the words of a chat template.
std::unique_ptr<PreferenceFormat> make_chat_preference_format(const DatasetOptions& dataset, const DataOptions& options,
                                                              ChatTemplate chat_template);

}  // namespace eft
