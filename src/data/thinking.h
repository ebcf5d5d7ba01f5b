#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace eft {

/// Moves the reasoning of an answer from its content, where it stands in <think>, <reasoning> or <|begin_of_thought|>
/// tags, to the property `key`.
void split_thinking(nlohmann::ordered_json& message, const std::string& key);

}  // namespace eft
