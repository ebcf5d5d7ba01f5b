#include "text/chat_template.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "text/jinja/values/json.h"
#include "text/jinja/template.h"
#include "text/templates/templates.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// Reasoning goes by several names; templates read `reasoning_content` or `thinking`, whichever the data has.
Json with_reasoning(const Json& message) {
  const Json* reasoning = nullptr;
  for (const char* key : {"reasoning_content", "thinking", "reasoning"}) {
    const auto found = message.find(key);
    if (found == message.end() || found->is_null()) continue;
    reasoning = &*found;
    break;
  }
  if (reasoning == nullptr) return message;
  Json named = Json::object();
  named["thinking"] = *reasoning;
  for (const auto& [key, value] : message.items()) named[key] = value;
  named["reasoning_content"] = *reasoning;
  return named;
}

Json prepared_messages(const std::string& name, const Json& messages) {
  if (!messages.is_array()) throw DataError("{}: messages is {}, expected a list", name, messages.type_name());
  Json prepared = Json::array();
  for (const auto& message : messages) {
    if (!message.is_object()) {
      throw DataError("{}: message {} is {}, expected an object", name, prepared.size() + 1, message.type_name());
    }
    prepared.push_back(with_reasoning(message));
  }
  return prepared;
}

void check_objects(const std::string& name, const char* what, const Json& list) {
  const bool good =
      list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& i) { return i.is_object(); });
  if (!list.is_null() && !good)
    throw DataError("{}: {} is {}, expected a list of objects", name, what, list.type_name());
}

std::string names_of(const TemplateSources& templates) {
  std::string names;
  for (const TemplateSource& one : templates) names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

}  // namespace

struct ChatTemplate::Impl {
  jinja::Template compiled;
  std::string source;
  std::string bos_token;
  std::string eos_token;
};

ChatTemplate::ChatTemplate(std::string name, std::string_view source, std::string bos_token, std::string eos_token)
    : impl_(std::make_shared<const Impl>(Impl{jinja::Template(std::move(name), source), std::string(source),
                                              std::move(bos_token), std::move(eos_token)})) {}

std::string ChatTemplate::source() const {
  return for_tools_ ? joined_templates(impl_->source, for_tools_->source) : impl_->source;
}

bool ChatTemplate::has_name(const std::string& name) {
  return std::ranges::find(kTemplates, name, &NamedTemplate::name) != kTemplates.end();
}

ChatTemplate ChatTemplate::by_name(const std::string& name, std::string bos_token, std::string eos_token) {
  const auto found =
      std::find_if(kTemplates.begin(), kTemplates.end(), [&](const auto& row) { return row.name == name; });
  if (found == kTemplates.end()) {
    std::string known;
    for (const auto& row : kTemplates) known += (known.empty() ? "" : ", ") + std::string(row.name);
    throw ConfigError("chat_template: no template named '{}', expected one of {}; put another one into a file", name,
                      known);
  }
  return {name, found->source(), std::move(bos_token), std::move(eos_token)};
}

bool ChatTemplate::in_model(const std::filesystem::path& folder) { return !read_templates(folder).empty(); }

ChatTemplate ChatTemplate::of_model(const std::filesystem::path& folder, const std::string& bos_token,
                                    const std::string& eos_token) {
  const TemplateSources templates = read_templates(folder);
  if (templates.empty()) {
    throw DataError(
        "{}: no chat template, expected chat_template.jinja or a \"chat_template\" in tokenizer_config.json",
        folder.string());
  }
  const TemplateSource* plain = find_template(templates, kDefaultTemplate);
  if (plain == nullptr) {
    throw DataError("{}: several chat templates, none of them named default: {}; name one as chat_template",
                    folder.string(), names_of(templates));
  }
  ChatTemplate chosen(plain->where, plain->source, bos_token, eos_token);
  if (const TemplateSource* tools = find_template(templates, kToolTemplate)) {
    chosen.for_tools_ = ChatTemplate(tools->where, tools->source, bos_token, eos_token).impl_;
  }
  return chosen;
}

std::optional<ChatTemplate> ChatTemplate::named_in_model(const std::filesystem::path& folder, const std::string& name,
                                                         const std::string& bos_token, const std::string& eos_token) {
  const TemplateSources templates = read_templates(folder);
  const TemplateSource* found = find_template(templates, name);
  if (found == nullptr) return std::nullopt;
  return ChatTemplate(found->where, found->source, bos_token, eos_token);
}

std::string ChatTemplate::render(const ChatTemplateInput& input) const {
  const Impl& used = for_tools_ && input.tools != nullptr ? *for_tools_ : *impl_;
  const std::string& name = used.compiled.name();
  jinja::Template::Variables variables;
  try {
    const auto give = [&](const std::string& key, const Json* json) {
      variables.emplace_back(key, json != nullptr ? jinja::from_json(*json) : jinja::Value(jinja::Value::None{}));
    };
    if (!used.bos_token.empty()) variables.emplace_back("bos_token", used.bos_token);
    if (!used.eos_token.empty()) variables.emplace_back("eos_token", used.eos_token);
    if (input.tools != nullptr) check_objects(name, "tools", *input.tools);
    const Json messages = prepared_messages(name, input.messages);
    give("messages", &messages);
    give("tools", input.tools);
    give("documents", nullptr);
    variables.emplace_back("add_generation_prompt", input.add_generation_prompt);
    if (input.kwargs != nullptr && !input.kwargs->is_null()) {
      if (!input.kwargs->is_object()) {
        throw DataError("{}: chat_template_kwargs is {}, expected an object", name, input.kwargs->type_name());
      }
      for (const auto& [key, value] : input.kwargs->items()) {
        if (key == "messages") throw DataError("{}: chat_template_kwargs has 'messages', expected other names", name);
        give(key, &value);
      }
    }
  } catch (const jinja::Fault& fault) {
    throw DataError("{}: {}", name, fault.what());
  }
  return used.compiled.render(variables);
}

const std::string& ChatTemplate::name() const { return impl_->compiled.name(); }

}  // namespace eft
