#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "generate/image_prompt.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace eft {

/// A conversation between a user and a model, and the tokens that ask the model for its next turn.
class Chat {
 public:
  /// `system` may be empty.
  /// `prompter` is needed for images, and must outlive it.
  Chat(ChatTemplate chat_template, Tokenizer tokenizer, const std::string& system,
       const ImagePrompter* prompter = nullptr);

  /// Images stand in front of the text.
  void add_user(const std::string& text, std::vector<PromptImage> images = {});
  /// The model's turn as it was generated. Special tokens stay in it: templates that drop thoughts look for them.
  void add_model(std::span<const TokenId> tokens);
  /// Takes the last turn back.
  void drop_last();
  /// Begins anew with this system message; it may be empty.
  void restart(const std::string& system);
  /// Begins anew with the same system message.
  void restart();

  /// Whether a turn has been added.
  bool begun() const;
  /// The whole conversation up to the start of the model's turn, as the template writes it, bos included.
  Prompt prompt() const;
  /// The conversation as a row to train on: {"messages": [{"role": …, "content": …}, …]} on one line.
  std::string row() const;

 private:
  struct Message {
    std::string role, content;
    std::vector<PromptImage> images = {};
  };
  nlohmann::ordered_json messages(bool with_paths) const;

  ChatTemplate template_;
  Tokenizer tokenizer_;
  const ImagePrompter* prompter_;
  std::vector<Message> messages_;
};

/// The template for chats with a model: one of ours by name, a file, or with an empty `choice` the model's own.
ChatTemplate choose_chat_template(const std::string& choice, const std::filesystem::path& model_folder,
                                  const Tokenizer& tokenizer);

}  // namespace eft
