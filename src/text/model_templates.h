#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace eft {

/// A chat template by name. The one of conversations is "default"; "tool_use" is for those with tools.
struct TemplateSource {
  std::string name;
  std::string source;  ///< Jinja
  std::string where;   ///< file that it stands in
};
using TemplateSources = std::vector<TemplateSource>;

inline constexpr const char* kDefaultTemplate = "default";
inline constexpr const char* kToolTemplate = "tool_use";

/// The templates of a model folder, from the first place that has any, as Transformers reads them: chat_template.jinja
/// with additional_chat_templates/NAME.jinja; "chat_template" of tokenizer_config.json, a text or a list of {name,
/// template}; chat_template.json. Throws DataError for a broken file.
TemplateSources read_templates(const std::filesystem::path& folder);

/// One template that does what `plain` does, and for conversations with tools what `for_tools` does.
std::string joined_templates(const std::string& plain, const std::string& for_tools);

/// The template of that name, or null.
const TemplateSource* find_template(const TemplateSources& templates, const std::string& name);

}  // namespace eft
