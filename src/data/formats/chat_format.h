#pragma once

#include <atomic>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/formats/format.h"
#include "data/chat/labels.h"
#include "text/chat_template.h"

namespace eft {

/// The template of a dataset: its own chat_template, else the run's. Throws ConfigError, FileError or DataError.
ChatTemplate choose_template(const DatasetOptions& dataset, const DataOptions& options,
                             const std::filesystem::path& base_model, const Tokenizer& tokenizer);

/// The token that a template writes behind the answer of the assistant, found by rendering one; nothing when it writes
/// no special token there.
std::optional<TokenId> end_of_turn(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
                                   const nlohmann::ordered_json& kwargs);

/// `type: chat_template`: a conversation rendered by a Jinja template. The turns of roles_to_train bear loss, and the
/// tokens that end a turn or the text as train_on_eot and train_on_eos say.
class ChatFormat : public RowFormat {
 public:
  ChatFormat(const DatasetOptions& dataset, const DataOptions& options, ChatTemplate chat_template,
             const Tokenizer& tokenizer);
  std::vector<Example> examples(const RawRow& row) const override;
  std::vector<std::string> warnings() const override;

 private:
  void choose_end_tokens(const DataOptions& options);
  /// Counts reasoning that the template does not print.
  void look_for_reasoning(const RenderedConversation& rendered) const;

  ConversationOptions conversation_;
  ChatTemplate chat_template_;
  Tokenizer tokenizer_;
  bool has_thought_channel_;
  nlohmann::ordered_json kwargs_;
  LabelRules rules_;
  std::vector<std::string> warnings_;
  mutable std::atomic<std::int64_t> lost_reasoning_ = 0;  // answers
};

}  // namespace eft
