#include "data/conversation.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "data/row.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kRoles = {"system", "developer", "user", "assistant", "model", "tool"};

/// What conversion needs at every depth: the options and the place for messages.
struct Context {
  const DatasetOptions& dataset;
  const std::string& where;
};

/// Some files keep JSON inside strings.
Json parsed_if_string(const Json& value, const std::string& field, const Context& context) {
  if (!value.is_string()) return value;
  Json parsed = Json::parse(value.get_ref<const std::string&>(), nullptr, false);
  if (parsed.is_discarded()) {
    throw DataError("{}: field '{}' is a string that is not valid JSON", context.where, field);
  }
  return without_nulls(parsed);
}

/// The string of a text part, which goes by one of three names.
std::string part_text(const Json& part, const std::string& field, const Context& context) {
  if (part.is_string()) return part.get<std::string>();
  if (!part.is_object()) {
    throw DataError("{}: a part of '{}' is {}, expected {{type: text, text: …}}", context.where, field,
                    part.type_name());
  }
  for (const char* key : {"train", "weight"}) {
    if (part.contains(key)) {
      throw DataError("{}: '{}' of a part of '{}' is not supported yet; remove it", context.where, key, field);
    }
  }
  for (const char* key : {"text", "content", "value"}) {
    const auto found = part.find(key);
    if (found != part.end() && found->is_string()) return found->get<std::string>();
  }
  throw DataError(
      "{}: a part of '{}' has no text (type {}), expected text parts only; images and audio are not "
      "supported yet",
      context.where, field, part.contains("type") ? part["type"].dump() : "missing");
}

std::string joined_parts(const Json& parts, const std::string& field, const Context& context) {
  std::string text;
  for (const Json& part : parts) text += part_text(part, field, context);
  return text;
}

bool is_mapped_from(const std::string& key, const StringMap& mappings) {
  return std::any_of(mappings.entries.begin(), mappings.entries.end(),
                     [&](const StringMap::Entry& entry) { return entry.value == key; });
}

/// The mapped properties, then everything else that the message has: a template reads what it knows.
Json mapped_message(const Json& message, StringMap mappings) {
  for (const char* key : {"role", "content"}) {
    const bool given = std::any_of(mappings.entries.begin(), mappings.entries.end(),
                                   [&](const StringMap::Entry& entry) { return entry.key == key; });
    if (!given) mappings.entries.push_back({key, key});
  }
  Json mapped = Json::object();
  for (const StringMap::Entry& entry : mappings.entries) {
    if (const auto found = message.find(entry.value); found != message.end()) mapped[entry.key] = *found;
  }
  for (const auto& [key, value] : message.items()) {
    if (!is_mapped_from(key, mappings)) mapped[key] = value;
  }
  return mapped;
}

void check_role(const Json& message, const std::string& field, const Context& context) {
  const auto found = message.find("role");
  if (found == message.end()) {
    throw DataError("{}: '{}' has no role (field '{}'), it has {}; set message_property_mappings", context.where, field,
                    context.dataset.message_property_mappings.value_or("role", "role"), key_list(message));
  }
  if (!found->is_string()) {
    throw DataError("{}: the role of '{}' is {}, expected a string", context.where, field, found->type_name());
  }
  const std::string role = openai_role(found->get_ref<const std::string&>());
  const std::vector<std::string>& trained = context.dataset.roles_to_train;
  const bool known = std::find(kRoles.begin(), kRoles.end(), role) != kRoles.end() ||
                     std::find(trained.begin(), trained.end(), role) != trained.end();
  if (!known) {
    throw DataError("{}: '{}' has the unknown role '{}', expected system, developer, user, assistant, model or tool",
                    context.where, field, role);
  }
}

void parse_arguments(Json& message, const std::string& field, const Context& context) {
  const auto calls = message.find("tool_calls");
  if (calls == message.end()) return;
  if (!calls->is_array()) {
    throw DataError("{}: '{}.tool_calls' is {}, expected a list", context.where, field, calls->type_name());
  }
  for (Json& call : *calls) {
    if (!call.is_object() || !call.contains("function") || !call["function"].is_object()) continue;
    Json& function = call["function"];
    if (function.contains("arguments")) {
      function["arguments"] = parsed_if_string(function["arguments"], field + ".tool_calls.arguments", context);
    }
  }
}

Json to_message(const Json& given, const std::string& field, const Context& context) {
  if (!given.is_object()) {
    throw DataError("{}: '{}' is {}, expected an object with role and content", context.where, field,
                    given.type_name());
  }
  Json message = mapped_message(given, context.dataset.message_property_mappings);
  check_role(message, field, context);
  message["role"] = openai_role(message["role"].get_ref<const std::string&>());
  for (const char* key : {"content", "reasoning_content"}) {
    const auto found = message.find(key);
    if (found == message.end() || found->is_string()) continue;
    if (!found->is_array()) {
      throw DataError("{}: '{}.{}' is {}, expected a string or a list of text parts", context.where, field, key,
                      found->type_name());
    }
    *found = joined_parts(*found, fmt::format("{}.{}", field, key), context);
  }
  parse_arguments(message, field, context);
  return message;
}

Json read_tools(const Json& row, const Context& context) {
  const auto found = row.find("tools");
  if (found == row.end()) return nullptr;
  Json tools = parsed_if_string(*found, "tools", context);
  if (!tools.is_array()) {
    throw DataError("{}: field 'tools' is {}, expected a list of functions", context.where, tools.type_name());
  }
  for (Json& tool : tools) {
    if (!tool.is_object()) {
      throw DataError("{}: an entry of 'tools' is {}, expected an object", context.where, tool.type_name());
    }
    if (!tool.contains("function") || !tool["function"].is_object()) continue;
    Json& function = tool["function"];
    if (function.contains("parameters")) {
      function["parameters"] = parsed_if_string(function["parameters"], "tools.function.parameters", context);
    }
  }
  return tools.empty() ? Json() : tools;
}

Json system_message(const Json& row, const DataOptions& options, const std::string& where) {
  if (row.contains("system")) return Json{{"role", "system"}, {"content", required_string(row, "system", where)}};
  if (options.default_system_message) return Json{{"role", "system"}, {"content", *options.default_system_message}};
  return nullptr;
}

}  // namespace

const std::string& openai_role(const std::string& role) {
  static const std::string user = "user";
  static const std::string assistant = "assistant";
  if (role == "human") return user;
  return role == "gpt" ? assistant : role;
}

Conversation to_conversation(const Json& row, const DatasetOptions& dataset, const DataOptions& options,
                             const std::string& where) {
  const Context context{dataset, where};
  const std::string& field = dataset.field_messages;
  const auto found = row.find(field);
  if (found == row.end()) {
    throw DataError("{}: no field '{}', expected a list of messages; the row has {}; set field_messages", where, field,
                    key_list(row));
  }
  const Json messages = parsed_if_string(*found, field, context);
  if (!messages.is_array()) {
    throw DataError("{}: field '{}' is {}, expected a list of messages", where, field, messages.type_name());
  }
  if (messages.empty()) throw DataError("{}: field '{}' is an empty list, expected messages", where, field);
  Conversation conversation;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    conversation.messages.push_back(to_message(messages[i], fmt::format("{}[{}]", field, i), context));
  }
  if (conversation.role(0) != "system" && conversation.role(0) != "developer") {
    const Json system = system_message(row, options, where);
    if (!system.is_null()) conversation.messages.insert(conversation.messages.begin(), system);
  }
  conversation.tools = read_tools(row, context);
  return conversation;
}

}  // namespace eft
