#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/media/image_parts.h"
#include "data/rows/findings.h"
#include "data/chat/training_detail.h"

namespace eft {

/// What a row itself says about the loss of a turn.
struct TurnTraining {
  std::optional<float> weight;            ///< of its loss, 0: none; overrides roles_to_train
  std::vector<TrainingDetail> content;    ///< parts of the content; empty: all of it
  std::vector<TrainingDetail> reasoning;  ///< the same for the reasoning
  std::string thought;                    ///< reasoning to be put in front of the turn in a thought channel
};

/// A row as the chat template wants it: `messages` in OpenAI form, and `tools`, null when the row has none.
struct Conversation {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  std::vector<TurnTraining> training;  ///< one for each message
  nlohmann::ordered_json tools;
  std::vector<ImagePart> images = {};  ///< parts of messages, in order; in those they are {"type": "image"}

  const std::string& role(std::size_t turn) const { return messages[turn]["role"].get_ref<const std::string&>(); }
};

/// Names of roles in rows → roles of the template.
using RoleNames = std::map<std::string, std::string>;

/// The names that `roles` of a dataset gives; without it ShareGPT's (human, gpt). `model`, as Gemma calls the
/// assistant, is another name of it unless `roles` or `roles_to_train` speaks of it. Throws ConfigError.
RoleNames role_names(const DatasetOptions& dataset);

/// What rows are turned into conversations with.
struct ConversationOptions {
  DatasetOptions dataset;
  RoleNames roles;
  std::optional<std::string> default_system_message;
  std::optional<ThoughtChannel> thought_channel;
  std::string family = {};  ///< of the model, where messages may hold images; empty: texts only
};

/// Reads the messages of a row: properties renamed by message_property_mappings, roles by `roles`, lists of text parts
/// joined, those with images kept as a list, JSON in strings (messages, tools, parameters, arguments) parsed with its
/// nulls, and the row's `system` column or default_system_message put in front where the messages have no system turn.
/// Throws DataError that names the row, the turn and the field. Adds what it finds to `findings`.
Conversation to_conversation(const nlohmann::ordered_json& row, const ConversationOptions& options,
                             const std::string& where, RowFindings& findings);

}  // namespace eft
