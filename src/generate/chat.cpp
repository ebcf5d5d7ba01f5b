#include "generate/chat.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace eft {

Chat::Chat(ChatTemplate chat_template, Tokenizer tokenizer, const std::string& system)
    : template_(std::move(chat_template)), tokenizer_(std::move(tokenizer)) {
  if (!system.empty()) messages_.emplace_back("system", system);
}

void Chat::add_user(const std::string& text) { messages_.emplace_back("user", text); }

void Chat::add_model(std::span<const TokenId> tokens) {
  messages_.emplace_back("assistant", tokenizer_.decode(tokens, false));
}

std::vector<TokenId> Chat::prompt() const {
  nlohmann::ordered_json messages = nlohmann::ordered_json::array();
  for (const auto& [role, content] : messages_) messages.push_back({{"role", role}, {"content", content}});
  return tokenizer_.encode(template_.render({.messages = messages, .add_generation_prompt = true}));
}

ChatTemplate choose_chat_template(const std::string& choice, const std::filesystem::path& model_folder,
                                  const Tokenizer& tokenizer) {
  const std::string& bos = tokenizer.bos_token();
  const std::string& eos = tokenizer.eos_token();
  if (choice.empty()) {
    if (ChatTemplate::in_model(model_folder)) return ChatTemplate::of_model(model_folder, bos, eos);
    throw DataError("{}: no chat template; name one with --chat-template", model_folder.string());
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(choice, ignored)) return {choice, read_text(choice), bos, eos};
  const auto of_model =
      ChatTemplate::has_name(choice) ? std::nullopt : ChatTemplate::named_in_model(model_folder, choice, bos, eos);
  return of_model ? *of_model : ChatTemplate::by_name(choice, bos, eos);
}

}  // namespace eft
