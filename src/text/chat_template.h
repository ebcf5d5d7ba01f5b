#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "text/model_templates.h"

namespace eft {

/// What a template is rendered with.
struct ChatTemplateInput {
  const nlohmann::ordered_json& messages;          ///< list of {"role", "content", …} in OpenAI form
  const nlohmann::ordered_json* tools = nullptr;   ///< list of function declarations, or none
  const nlohmann::ordered_json* kwargs = nullptr;  ///< further variables (chat_template_kwargs), or none
  bool add_generation_prompt = false;
};

/// A compiled Jinja chat template with the special tokens it may print, and perhaps another one for conversations with
/// tools. Immutable, safe from any thread.
class ChatTemplate {
 public:
  /// Compiles `source`; `name` stands in errors ("gemma3", a path). Throws DataError with name and line.
  ChatTemplate(std::string name, std::string_view source, std::string bos_token, std::string eos_token);
  /// One of our own: "gemma", "gemma3", "gemma3n", "gemma4", "gemma4_unified", "chatml", "alpaca". Throws ConfigError
  /// that lists them.
  static ChatTemplate by_name(const std::string& name, std::string bos_token, std::string eos_token);
  /// Whether one of our own has this name.
  static bool has_name(const std::string& name);
  /// The template of a model folder (read_templates): "default", and for conversations with tools "tool_use" where
  /// there is one. Throws DataError when there is none, or several without a default.
  static ChatTemplate of_model(const std::filesystem::path& folder, const std::string& bos_token,
                               const std::string& eos_token);
  /// The one template `name` of a model folder, or nothing.
  static std::optional<ChatTemplate> named_in_model(const std::filesystem::path& folder, const std::string& name,
                                                    const std::string& bos_token, const std::string& eos_token);
  /// Whether `folder` holds a template.
  static bool in_model(const std::filesystem::path& folder);

  /// The rendered text. raise_exception and errors of evaluation become DataError with name and line.
  std::string render(const ChatTemplateInput& input) const;
  const std::string& name() const;
  /// The Jinja text; with another template for tools, one that is both.
  std::string source() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
  std::shared_ptr<const Impl> for_tools_;  // null: impl_
};

}  // namespace eft
