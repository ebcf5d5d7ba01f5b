#include "data/chat/conversation.h"

#include <algorithm>
#include <array>

#include "base/json.h"
#include "data/rows/row.h"
#include "data/chat/thinking.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kRoles = {"system", "developer", "user", "assistant", "model", "tool"};

/// What conversion needs at every depth: the options and the place for messages.
struct Context {
  const ConversationOptions& options;
  const std::string& where;
  RowFindings& findings;
  std::vector<ImagePart>& images;

  const DatasetOptions& dataset() const { return options.dataset; }
};

/// Some files keep JSON inside strings. A null in there was written on purpose: it is not one that Arrow put where a
/// row has no field.
Json parsed_if_string(const Json& value, const std::string& field, const Context& context) {
  if (!value.is_string()) return value;
  const ParsedJson parsed = parse_json(value.get_ref<const std::string&>());
  if (!parsed.fault.empty()) {
    throw DataError("{}: field '{}' is a string that is not valid JSON: {}", context.where, field, parsed.fault);
  }
  return parsed.value;
}

bool is_mapped_from(const std::string& key, const StringMap& mappings) {
  return std::any_of(mappings.entries.begin(), mappings.entries.end(),
                     [&](const StringMap::Entry& entry) { return entry.value == key; });
}

/// message_property_mappings with what it leaves out.
StringMap all_mappings(const DatasetOptions& dataset) {
  StringMap mappings = dataset.message_property_mappings;
  const StringMap defaults{
      {{"role", "role"}, {"content", "content"}, {dataset.template_thinking_key, dataset.field_thinking}}};
  for (const StringMap::Entry& missing : defaults.entries) {
    const bool given = std::any_of(mappings.entries.begin(), mappings.entries.end(),
                                   [&](const StringMap::Entry& entry) { return entry.key == missing.key; });
    if (!given) mappings.entries.push_back(missing);
  }
  return mappings;
}

/// The mapped properties, then everything else that the message has: a template reads what it knows. A property that is
/// null is one that the message does not have.
Json mapped_message(const Json& message, const StringMap& mappings) {
  Json mapped = Json::object();
  for (const StringMap::Entry& entry : mappings.entries) {
    const auto found = message.find(entry.value);
    if (found != message.end() && !found->is_null()) mapped[entry.key] = *found;
  }
  for (const auto& [key, value] : message.items()) {
    if (!is_mapped_from(key, mappings) && !value.is_null()) mapped[key] = value;
  }
  return mapped;
}

const std::string& openai_role(const std::string& role, const Context& context) {
  const auto found = context.options.roles.find(role);
  return found == context.options.roles.end() ? role : found->second;
}

void check_role(const Json& message, const std::string& field, const Context& context) {
  const auto found = message.find("role");
  if (found == message.end()) {
    throw DataError("{}: '{}' has no role (field '{}'), it has {}; set message_property_mappings", context.where, field,
                    context.dataset().message_property_mappings.value_or("role", "role"), key_list(message));
  }
  if (!found->is_string()) {
    throw DataError("{}: the role of '{}' is {}, expected a string", context.where, field, found->type_name());
  }
  const std::string& role = openai_role(found->get_ref<const std::string&>(), context);
  const std::vector<std::string>& trained = context.dataset().roles_to_train;
  const bool known = std::find(kRoles.begin(), kRoles.end(), role) != kRoles.end() ||
                     context.options.roles.contains(found->get_ref<const std::string&>()) ||
                     std::find(trained.begin(), trained.end(), role) != trained.end();
  if (!known) {
    throw DataError(
        "{}: '{}' has the unknown role '{}', expected system, developer, user, assistant, model or tool; "
        "set roles",
        context.where, field, role);
  }
}

/// A message says something, be it with a call or a thought; an empty text is one.
void check_content(const Json& message, const Json& given, const std::string& field, const Context& context) {
  const auto has = [&](const char* key) { return message.contains(key); };
  const auto has_items = [&](const char* key) { return has(key) && !message[key].empty(); };
  if (has("content") || has_items("tool_calls") || has_items("tool_responses")) return;
  if (has(context.dataset().template_thinking_key.c_str()) || std::ranges::any_of(kReasoningNames, has)) return;
  throw DataError("{}: '{}' has no content (field '{}'), it has {}; set message_property_mappings", context.where,
                  field, context.dataset().message_property_mappings.value_or("content", "content"), key_list(given));
}

TurnTraining read_training(const Json& given, const std::string& field, const Context& context) {
  TurnTraining training;
  if (const auto& name = context.dataset().message_field_training) {
    const auto found = given.find(*name);
    if (found != given.end()) {
      training.weight = read_weight(*found, fmt::format("{}.{}", field, *name), context.where);
    }
  }
  if (const auto& name = context.dataset().message_field_training_detail) {
    if (const auto found = given.find(*name); found != given.end()) {
      training.content = read_training_details(*found, fmt::format("{}.{}", field, *name), context.where);
    }
  }
  return training;
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

/// Takes the reasoning out of a message, to be printed by us or not at all.
void take_thought(Json& message, const Context& context, TurnTraining& training) {
  const std::string& key = context.dataset().template_thinking_key;
  split_thought_channel(message, key);
  std::vector<std::string> names(kReasoningNames.begin(), kReasoningNames.end());
  names.insert(names.begin(), key);
  for (const std::string& name : names) {
    const auto found = message.find(name);
    if (found == message.end()) continue;
    if (!found->is_string()) {
      throw DataError("{}: the reasoning '{}' is {}, expected a string", context.where, name, found->type_name());
    }
    if (training.thought.empty()) training.thought = found->get<std::string>();
    message.erase(name);
  }
  if (*context.options.thought_channel == ThoughtChannel::strip) training.thought.clear();
  if (*context.options.thought_channel != ThoughtChannel::train) training.reasoning.clear();
}

/// Makes a content with images one that templates read.
void take_parts(Json& message, const std::string& name, const Context& context) {
  PartedContent content = split_parts(message["content"], name, context.where, context.options.family);
  if (!content.images.empty() && message["role"] == "system") {
    throw DataError("{}: {}: an image in a system message, for which no template has a place", context.where,
                    content.images.front().field);
  }
  message["content"] = std::move(content.parts);
  context.images.insert(context.images.end(), content.images.begin(), content.images.end());
}

/// The message of a template; `training` gets what the row says about its loss.
Json to_message(const Json& given, const std::string& field, const Context& context, TurnTraining& training) {
  if (!given.is_object()) {
    throw DataError("{}: '{}' is {}, expected an object with role and content", context.where, field,
                    given.type_name());
  }
  Json message = mapped_message(given, all_mappings(context.dataset()));
  check_role(message, field, context);
  message["role"] = openai_role(message["role"].get_ref<const std::string&>(), context);
  check_content(message, given, field, context);
  find_media(given, context.findings);
  training = read_training(given, field, context);
  const std::string& thinking = context.dataset().template_thinking_key;
  for (const std::string& key : {std::string("content"), thinking}) {
    const auto found = message.find(key);
    if (found == message.end() || found->is_string()) continue;
    const std::string name = fmt::format("{}.{}", field, key);
    if (!found->is_array()) {
      throw DataError("{}: '{}' is {}, expected a string or a list of text parts", context.where, name,
                      found->type_name());
    }
    if (key == "content" && !context.options.family.empty() && has_media_parts(*found)) {
      take_parts(message, name, context);
      continue;
    }
    JoinedParts joined = join_parts(*found, name, context.where);
    *found = joined.text;
    if (!joined.details.empty()) (key == thinking ? training.reasoning : training.content) = std::move(joined.details);
  }
  if (message["role"] == "assistant") {
    if (context.dataset().split_thinking && split_thinking(message, thinking)) {
      context.findings.push_back({Finding::thinking_tags});
    }
    if (context.options.thought_channel) take_thought(message, context, training);
  }
  parse_arguments(message, field, context);
  return message;
}

Json read_tools(const Json& row, const Context& context) {
  const std::string& field = context.dataset().field_tools;
  const auto found = row.find(field);
  if (found == row.end()) return nullptr;
  Json tools = parsed_if_string(*found, field, context);
  if (!tools.is_array()) {
    throw DataError("{}: field '{}' is {}, expected a list of functions", context.where, field, tools.type_name());
  }
  for (Json& tool : tools) {
    if (!tool.is_object()) {
      throw DataError("{}: an entry of '{}' is {}, expected an object", context.where, field, tool.type_name());
    }
    if (!tool.contains("function") || !tool["function"].is_object()) continue;
    Json& function = tool["function"];
    if (function.contains("parameters")) {
      function["parameters"] = parsed_if_string(function["parameters"], field + ".function.parameters", context);
    }
  }
  return tools.empty() ? Json() : tools;
}

Json system_message(const Json& row, const Context& context) {
  const auto& fallback = context.options.default_system_message;
  if (row.contains("system"))
    return Json{{"role", "system"}, {"content", required_string(row, "system", context.where)}};
  if (fallback) return Json{{"role", "system"}, {"content", *fallback}};
  return nullptr;
}

/// Puts a system turn in front where there is none, or takes it away, as the options say.
void arrange_system_turn(Conversation& conversation, const Json& row, const Context& context) {
  if (conversation.role(0) != "system" && conversation.role(0) != "developer") {
    const Json system = system_message(row, context);
    if (!system.is_null()) {
      conversation.messages.insert(conversation.messages.begin(), system);
      conversation.training.insert(conversation.training.begin(), TurnTraining());
    }
  }
  if (context.dataset().drop_system_message && conversation.role(0) == "system") {
    conversation.messages.erase(0);
    conversation.training.erase(conversation.training.begin());
  }
}

}  // namespace

RoleNames role_names(const DatasetOptions& dataset) {
  const Json roles = Json::parse(dataset.roles.text);
  RoleNames names;
  if (roles.empty()) names = {{"human", "user"}, {"gpt", "assistant"}};
  const bool trains_model = std::ranges::find(dataset.roles_to_train, "model") != dataset.roles_to_train.end();
  if (!roles.contains("model") && !trains_model) names["model"] = "assistant";
  for (const auto& [role, sources] : roles.items()) {
    const bool good =
        sources.is_array() && std::all_of(sources.begin(), sources.end(), [](const Json& s) { return s.is_string(); });
    if (!good) throw ConfigError("roles.{}: {}, expected a list of names in the rows", role, sources.dump());
    for (const Json& source : sources) names[source] = role;
  }
  return names;
}

Conversation to_conversation(const Json& row, const ConversationOptions& options, const std::string& where,
                             RowFindings& findings) {
  Conversation conversation;
  const Context context{options, where, findings, conversation.images};
  const std::string& field = options.dataset.field_messages;
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
  for (std::size_t i = 0; i < messages.size(); ++i) {
    TurnTraining& training = conversation.training.emplace_back();
    conversation.messages.push_back(to_message(messages[i], fmt::format("{}[{}]", field, i), context, training));
  }
  arrange_system_turn(conversation, row, context);
  if (conversation.messages.empty())
    throw DataError("{}: only a system message, which drop_system_message drops", where);
  conversation.tools = read_tools(row, context);
  return conversation;
}

}  // namespace eft
