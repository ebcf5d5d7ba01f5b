#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/formats/format.h"
#include "data/chat/labels.h"
#include "data/media/image_inserter.h"
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
             const Tokenizer& tokenizer, const ImageLayout* images = nullptr);
  std::string template_name() const override { return chat_template_.name(); }
  std::vector<std::string> warnings() const override { return warnings_; }

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  void choose_end_tokens(const DataOptions& options);
  /// Finds what the template does not print. Throws DataError for an answer of which nothing is left.
  void look_for_lost_parts(RenderedConversation& rendered, FormattedRow& out) const;
  /// Which roles a row has, where none of them is to be trained.
  std::string why_unlabelled(const RenderedConversation& rendered) const;
  /// The images of a row, in the order of their places; adds places to the conversation where it has none.
  std::vector<FoundImage> find_images(const nlohmann::ordered_json& row, Conversation& conversation,
                                      FormattedRow& out) const;
  bool is_trained(const RenderedConversation& rendered, std::size_t turn) const;

  ConversationOptions conversation_;
  ChatTemplate chat_template_;
  Tokenizer tokenizer_;
  nlohmann::ordered_json kwargs_;
  LabelRules rules_;
  std::vector<std::string> warnings_;
  bool allows_lost_calls_;
  std::optional<ImageInserter> images_;
};

}  // namespace eft
