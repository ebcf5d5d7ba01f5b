#include "generate/chat.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

constexpr const char* kSystem = "system";

using Messages = std::vector<std::pair<std::string, std::string>>;

nlohmann::ordered_json json_of(const Messages& messages) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [role, content] : messages) list.push_back({{"role", role}, {"content", content}});
  return list;
}

}  // namespace

Chat::Chat(ChatTemplate chat_template, Tokenizer tokenizer, const std::string& system)
    : template_(std::move(chat_template)), tokenizer_(std::move(tokenizer)) {
  restart(system);
}

void Chat::add_user(const std::string& text) { messages_.emplace_back("user", text); }

void Chat::add_model(std::span<const TokenId> tokens) {
  messages_.emplace_back("assistant", tokenizer_.decode(tokens, false));
}

void Chat::drop_last() {
  if (begun()) messages_.pop_back();
}

void Chat::restart(const std::string& system) {
  messages_.clear();
  if (!system.empty()) messages_.emplace_back(kSystem, system);
}

void Chat::restart() {
  const bool has_system = !messages_.empty() && messages_[0].first == kSystem;
  messages_.resize(has_system ? 1 : 0);
}

bool Chat::begun() const { return !messages_.empty() && messages_.back().first != kSystem; }

std::vector<TokenId> Chat::prompt() const {
  return tokenizer_.encode(template_.render({.messages = json_of(messages_), .add_generation_prompt = true}));
}

std::string Chat::row() const { return nlohmann::ordered_json{{"messages", json_of(messages_)}}.dump(); }

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
