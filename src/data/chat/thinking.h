#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace eft {

/// Moves the reasoning of an answer from its content, where it stands in <think>, <reasoning> or <|begin_of_thought|>
/// tags, to the property `key`, unless that has a value of its own. What stands in front of it stays in front of the
/// rest. Returns whether the content still has such a tag: one without a partner, or a second pair.
bool split_thinking(nlohmann::ordered_json& message, const std::string& key);

/// The tokens of Gemma 4 around a thought.
inline constexpr std::string_view kThoughtOpen = "<|channel>thought\n";
inline constexpr std::string_view kThoughtClose = "\n<channel|>";

/// What reasoning is called in messages, beside the name that a dataset gives it.
inline constexpr std::array kReasoningNames = {"reasoning_content", "thinking", "reasoning"};

/// The same for a thought in Gemma 4's channel, where the message has no property `key` yet; an empty one goes too.
void split_thought_channel(nlohmann::ordered_json& message, const std::string& key);

}  // namespace eft
