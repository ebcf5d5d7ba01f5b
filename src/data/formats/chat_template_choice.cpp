#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "data/formats/chat_format.h"

namespace eft {
namespace {

constexpr std::string_view kFallback = "tokenizer_default_fallback_";

/// `text` is a path when a file of that name exists, else the template itself.
ChatTemplate from_jinja(const std::string& text, const std::string& bos, const std::string& eos) {
  std::error_code ignored;
  const bool one_line = text.find('\n') == std::string::npos && text.size() < 4096;
  if (one_line && std::filesystem::is_regular_file(text, ignored)) return {text, read_text(text), bos, eos};
  if (one_line && text.find('{') == std::string::npos) {
    throw FileError("{}: chat_template_jinja: no such file, and not the text of a template either", text);
  }
  return {"chat_template_jinja", text, bos, eos};
}

}  // namespace

ChatTemplate choose_template(const DatasetOptions& dataset, const DataOptions& options,
                             const std::filesystem::path& base_model, const Tokenizer& tokenizer) {
  const std::string& name = dataset.chat_template.value_or(options.chat_template);
  const auto& jinja = dataset.chat_template ? dataset.chat_template_jinja : options.chat_template_jinja;
  const std::string& bos = tokenizer.bos_token();
  const std::string& eos = tokenizer.eos_token();
  if (name == "tokenizer_default") return ChatTemplate::of_model(base_model, bos, eos);
  if (name.starts_with(kFallback)) {
    if (ChatTemplate::in_model(base_model)) return ChatTemplate::of_model(base_model, bos, eos);
    return ChatTemplate::by_name(name.substr(kFallback.size()), bos, eos);
  }
  if (name != "jinja") {
    const auto of_model =
        ChatTemplate::has_name(name) ? std::nullopt : ChatTemplate::named_in_model(base_model, name, bos, eos);
    return of_model ? *of_model : ChatTemplate::by_name(name, bos, eos);
  }
  if (!jinja) throw ConfigError("chat_template: jinja needs the template's text or path in chat_template_jinja");
  return from_jinja(*jinja, bos, eos);
}

std::optional<TokenId> end_of_turn(const ChatTemplate& chat_template, const Tokenizer& tokenizer,
                                   const nlohmann::ordered_json& kwargs) {
  const std::string answer = "zzanswerzz";
  const nlohmann::ordered_json messages = {{{"role", "user"}, {"content", "question"}},
                                           {{"role", "assistant"}, {"content", answer}}};
  std::string text;
  try {
    text = chat_template.render({.messages = messages, .kwargs = &kwargs});
  } catch (const DataError&) {
    return std::nullopt;  // a template that wants more than this has no turn to learn from
  }
  const auto begin = text.find(answer);
  if (begin == std::string::npos) return std::nullopt;
  int looked_at = 0;
  for (const TokenSpan& token : tokenizer.encode_spans(text)) {
    if (token.begin < begin + answer.size()) continue;
    if (tokenizer.is_special(token.id)) return token.id;
    if (++looked_at == 4) break;
  }
  return std::nullopt;
}

}  // namespace eft
