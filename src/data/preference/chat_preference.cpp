#include "data/preference/chat_preference.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "data/chat/conversation.h"
#include "data/chat/turn.h"
#include "data/rows/row.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSpace = " \t\r\n\v\f";

void strip_end(std::string& text) { text.erase(text.find_last_not_of(kSpace) + 1); }

class ChatPreferenceFormat : public PreferenceFormat {
 public:
  ChatPreferenceFormat(const DatasetOptions& dataset, const DataOptions& options, ChatTemplate chat_template)
      : type_(dataset.type),
        conversation_{dataset, role_names(dataset), std::nullopt, std::nullopt},
        chat_template_(std::move(chat_template)),
        kwargs_(Json::parse(options.chat_template_kwargs.text)) {}

  std::string template_name() const override { return chat_template_.name(); }

 protected:
  Preference read(const Json& row, const std::string& where) const override {
    try {
      if (type_ == DatasetType::chat_template_argilla) return read_pairs(row, where);
      return read_answers(row, where);
    } catch (const DataError& error) {
      const std::string_view message = error.what();
      if (message.starts_with(where)) throw;
      throw DataError("{}: {}", where, message);
    }
  }

 private:
  /// A prompt, and answers that are messages or texts of their own.
  Preference read_answers(const Json& row, const std::string& where) const {
    const DatasetOptions& dataset = conversation_.dataset;
    const bool whole = type_ == DatasetType::chat_template_argilla_chat;
    Json prompt = column(row, whole ? dataset.field_chosen : dataset.field_messages, where);
    if (prompt.is_string()) prompt = Json::array({message("user", prompt)});
    if (!prompt.is_array() || prompt.empty()) {
      throw DataError("{}: field '{}' is {}, expected messages", where, dataset.field_messages, prompt.type_name());
    }
    if (whole) prompt.erase(prompt.size() - 1);
    Preference preference;
    const auto tools = row.find(dataset.field_tools);
    if (tools != row.end() && !tools->empty()) preference.findings.push_back({Finding::tools});
    preference.prompt = render(messages_of(prompt, dataset.field_messages, where, preference.findings), true);
    for (const std::string& field : {dataset.field_chosen, dataset.field_rejected}) {
      preference.answers.push_back(
          {answer_text(last_message(row, field, where), field, where, preference.findings), {}});
    }
    return preference;
  }

  /// Two conversations that differ in their last answer.
  Preference read_pairs(const Json& row, const std::string& where) const {
    const Json chosen = pairs(row, "chosen", where);
    const Json rejected = pairs(row, "rejected", where);
    const bool has_prompt = row.contains("prompt");
    Json turns = Json::array();
    const std::string system = row.contains("system") ? required_string(row, "system", where) : "";
    if (!system.empty()) turns.push_back({{"role", "system"}, {"content", system}});
    for (std::size_t i = 0; i + 1 < chosen.size(); ++i) {
      const bool asks = i % 2 == 0;
      const std::string& content =
          asks && has_prompt ? required_string(row, "prompt", where) : required_string(chosen[i], "content", where);
      turns.push_back({{"role", asks ? "user" : "assistant"}, {"content", content}});
    }
    Preference preference;
    preference.prompt = render(turns, true);
    for (const Json* side : {&chosen, &rejected}) {
      Json all = turns;
      all.push_back({{"role", "assistant"}, {"content", required_string(side->back(), "content", where)}});
      const std::string text = render(all, false);
      // The prompt may end in more than a conversation has there: Gemma 4 puts an empty thought in front of the answer.
      const auto split = std::ranges::mismatch(text, preference.prompt);
      preference.answers.push_back({std::string(split.in1, text.end()), {}});
    }
    return preference;
  }

  Json message(const std::string& role, const Json& content) const {
    const StringMap& names = conversation_.dataset.message_property_mappings;
    return {{names.value_or("role", "role"), role}, {names.value_or("content", "content"), content}};
  }

  static const Json& column(const Json& row, const std::string& field, const std::string& where) {
    const auto found = row.find(field);
    if (found == row.end()) throw DataError("{}: no field '{}'; the row has {}", where, field, key_list(row));
    return *found;
  }

  Json last_message(const Json& row, const std::string& field, const std::string& where) const {
    const Json& given = column(row, field, where);
    if (given.is_string()) return message("assistant", given);
    if (given.is_object()) return given;
    if (given.is_array() && !given.empty()) return given.back();
    throw DataError("{}: field '{}' is {}, expected text, a message or messages", where, field, given.type_name());
  }

  static Json pairs(const Json& row, const std::string& field, const std::string& where) {
    const Json& turns = column(row, field, where);
    if (turns.is_array() && !turns.empty() && turns.size() % 2 == 0) return turns;
    throw DataError("{}: field '{}' is {}, expected an even number of messages", where, field,
                    turns.is_array() ? fmt::format("{} messages", turns.size()) : turns.type_name());
  }

  /// Messages as the template wants them.
  Json messages_of(const Json& given, const std::string& field, const std::string& where, RowFindings& findings) const {
    ConversationOptions options = conversation_;
    options.dataset.field_messages = field;
    return to_conversation(Json{{field, given}}, options, where, findings).messages;
  }

  std::string answer_text(const Json& given, const std::string& field, const std::string& where,
                          RowFindings& findings) const {
    Json messages = messages_of(Json::array({given}), field, where, findings);
    required_string(messages[0], "content", where);
    messages.insert(messages.begin(), Json{{"role", "user"}, {"content", "question"}});
    std::string text = render(messages, false);
    std::size_t begin = text.size();
    for (const char* placeholder : kPlaceholders) {
      messages[1]["content"] = placeholder;
      const std::string other = render(messages, false);
      if (other != text) begin = std::min(begin, difference(text, other).begin);
    }
    text.erase(0, begin);
    strip_end(text);
    return text;
  }

  std::string render(const Json& messages, bool add_generation_prompt) const {
    return chat_template_.render(
        {.messages = messages, .kwargs = &kwargs_, .add_generation_prompt = add_generation_prompt});
  }

  DatasetType type_;
  ConversationOptions conversation_;
  ChatTemplate chat_template_;
  Json kwargs_;
};

}  // namespace

std::unique_ptr<PreferenceFormat> make_chat_preference_format(const DatasetOptions& dataset, const DataOptions& options,
                                                              ChatTemplate chat_template) {
  return std::make_unique<ChatPreferenceFormat>(dataset, options, std::move(chat_template));
}

}  // namespace eft
