#include "generate/chat.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

constexpr const char* kSystem = "system";

}  // namespace

Chat::Chat(ChatTemplate chat_template, Tokenizer tokenizer, const std::string& system, const ImagePrompter* prompter)
    : template_(std::move(chat_template)), tokenizer_(std::move(tokenizer)), prompter_(prompter) {
  restart(system);
}

nlohmann::ordered_json Chat::messages(bool with_paths) const {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const auto& [role, content, images] : messages_) {
    Json parts = Json::array();
    for (const PromptImage& image : images) {
      Json& part = parts.emplace_back(Json{{"type", "image"}});
      if (with_paths) part["path"] = image.name;
    }
    if (!images.empty()) parts.push_back({{"type", "text"}, {"text", content}});
    list.push_back({{"role", role}, {"content", images.empty() ? Json(content) : parts}});
  }
  return list;
}

void Chat::add_user(const std::string& text, std::vector<PromptImage> images) {
  expect(images.empty() || prompter_ != nullptr, "something that brings images into prompts");
  messages_.push_back({"user", text, std::move(images)});
}

void Chat::add_model(std::span<const TokenId> tokens) {
  messages_.push_back({"assistant", tokenizer_.decode(tokens, false)});
}

void Chat::drop_last() {
  if (begun()) messages_.pop_back();
}

void Chat::restart(const std::string& system) {
  messages_.clear();
  if (!system.empty()) messages_.push_back({kSystem, system});
}

void Chat::restart() {
  const bool has_system = !messages_.empty() && messages_[0].role == kSystem;
  messages_.resize(has_system ? 1 : 0);
}

bool Chat::begun() const { return !messages_.empty() && messages_.back().role != kSystem; }

Prompt Chat::prompt() const {
  const std::string text = template_.render({.messages = messages(false), .add_generation_prompt = true});
  std::vector<PromptImage> images;
  for (const Message& message : messages_) images.insert(images.end(), message.images.begin(), message.images.end());
  if (images.empty()) return {.tokens = tokenizer_.encode(text)};
  return prompter_->prompt(text, images);
}

std::string Chat::row() const { return nlohmann::ordered_json{{"messages", messages(true)}}.dump(); }

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
