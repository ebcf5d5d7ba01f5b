#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "data/data_options.h"

namespace eft {

/// A row as the chat template wants it: `messages` in OpenAI form, and `tools`, null when the row has none.
struct Conversation {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  nlohmann::ordered_json tools;

  const std::string& role(std::size_t turn) const { return messages[turn]["role"].get_ref<const std::string&>(); }
};

/// Reads the messages of a row: properties renamed by message_property_mappings, roles of ShareGPT turned into OpenAI's
/// (human, gpt), lists of text parts joined, JSON in strings (messages, tools, parameters, arguments) parsed, and the
/// row's `system` column or default_system_message put in front where the messages have no system turn. Throws
/// DataError that names the row, the turn and the field.
Conversation to_conversation(const nlohmann::ordered_json& row, const DatasetOptions& dataset,
                             const DataOptions& options, const std::string& where);

/// "human" is "user", "gpt" is "assistant"; any other role is itself.
const std::string& openai_role(const std::string& role);

}  // namespace eft
