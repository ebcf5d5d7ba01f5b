#include "text/chat_template.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
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

/// tokenizer_config.json has one template, or a list of named ones of which "default" counts.
const Json* template_in(const Json& config) {
  const auto found = config.find("chat_template");
  if (found == config.end()) return nullptr;
  if (found->is_string()) return &*found;
  if (!found->is_array()) return nullptr;
  for (const auto& entry : *found) {
    if (!entry.is_object() || entry.value("name", Json()) != "default") continue;
    const auto source = entry.find("template");
    if (source != entry.end() && source->is_string()) return &*source;
  }
  return nullptr;
}

Json read_tokenizer_config(const std::filesystem::path& path) { return read_json_object<DataError>(path); }

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

const std::string& ChatTemplate::source() const { return impl_->source; }

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

bool ChatTemplate::in_model(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "chat_template.jinja")) return true;
  const auto config = folder / "tokenizer_config.json";
  return std::filesystem::exists(config) && template_in(read_tokenizer_config(config)) != nullptr;
}

ChatTemplate ChatTemplate::of_model(const std::filesystem::path& folder, std::string bos_token, std::string eos_token) {
  const auto file = folder / "chat_template.jinja";
  if (std::filesystem::exists(file)) {
    return {file.string(), read_json_text(file), std::move(bos_token), std::move(eos_token)};
  }
  const auto path = folder / "tokenizer_config.json";
  if (!std::filesystem::exists(path)) {
    throw DataError("{}: no chat template, expected chat_template.jinja or tokenizer_config.json", folder.string());
  }
  const Json config = read_tokenizer_config(path);
  const Json* source = template_in(config);
  if (source == nullptr) {
    throw DataError(
        "{}: no chat template, expected chat_template.jinja or a \"chat_template\" in tokenizer_config.json",
        folder.string());
  }
  return {path.string(), source->get_ref<const std::string&>(), std::move(bos_token), std::move(eos_token)};
}

std::string ChatTemplate::render(const ChatTemplateInput& input) const {
  const std::string& name = impl_->compiled.name();
  jinja::Template::Variables variables;
  try {
    const auto give = [&](const std::string& key, const Json* json) {
      variables.emplace_back(key, json != nullptr ? jinja::from_json(*json) : jinja::Value(jinja::Value::None{}));
    };
    if (!impl_->bos_token.empty()) variables.emplace_back("bos_token", impl_->bos_token);
    if (!impl_->eos_token.empty()) variables.emplace_back("eos_token", impl_->eos_token);
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
  return impl_->compiled.render(variables);
}

const std::string& ChatTemplate::name() const { return impl_->compiled.name(); }

}  // namespace eft
