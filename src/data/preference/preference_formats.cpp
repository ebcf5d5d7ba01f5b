#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/formats/chat_format.h"
#include "data/preference/chat_preference.h"
#include "data/preference/preference.h"
#include "data/preference_options.h"
#include "data/formats/text_pattern.h"
#include "data/formats/user_format.h"
#include "data/rows/row.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// Columns of the answers.
std::vector<std::string> answer_fields(const DataOptions& options) {
  if (options.rl == Objective::kto) return {"completion"};
  return {"chosen", "rejected"};
}

std::optional<bool> read_label(const Json& row, const std::string& field, const DataOptions& options,
                               const std::string& where) {
  if (options.rl != Objective::kto) return std::nullopt;
  const auto found = row.find(field);
  if (found != row.end() && found->is_boolean()) return found->get<bool>();
  if (found != row.end() && (*found == 0 || *found == 1)) return *found == 1;
  if (found != row.end() && found->is_string()) {  // a CSV file has words only
    const auto& word = found->get_ref<const std::string&>();
    if (word == "true" || word == "True" || word == "TRUE" || word == "1") return true;
    if (word == "false" || word == "False" || word == "FALSE" || word == "0") return false;
  }
  throw DataError("{}: field '{}' is {}, expected true for a good completion or false", where, field,
                  found == row.end() ? "missing" : found->dump());
}

/// Turns of a conversation in a column.
const Json& turns_of(const Json& row, const std::string& field, std::size_t least, const std::string& where) {
  const auto found = row.find(field);
  const bool good = found != row.end() && found->is_array() && found->size() >= least &&
                    std::ranges::all_of(*found, [](const Json& turn) { return turn.is_object(); });
  if (good) return *found;
  throw DataError("{}: field '{}' is {}, expected a list of at least {} messages", where, field,
                  found == row.end()  ? "missing"
                  : found->is_array() ? "another list"
                                      : found->type_name(),
                  least);
}

std::string system_of(const Json& row, const std::string& where) {
  return row.contains("system") ? required_string(row, "system", where) : "";
}

/// `type: chatml.…`: text columns or conversations in ChatML, whatever template the model has.
class ChatmlFormat : public PreferenceFormat {
 public:
  ChatmlFormat(DatasetType type, const DataOptions& options) : type_(type), options_(options) {}

 protected:
  Preference read(const Json& row, const std::string& where) const override {
    Preference preference;
    preference.label = read_label(row, "label", options_, where);
    if (type_ == DatasetType::chatml_argilla_chat) {
      read_conversation(row, where, preference);
    } else {
      const std::string system = system_of(row, where);
      if (!system.empty()) preference.prompt = turn("system", system);
      preference.prompt += turn("user", required_string(row, question(row), where));
      for (const std::string& field : answer_fields(options_))
        preference.answers.push_back({answer(row, field, where), {}});
    }
    preference.prompt += "<|im_start|>assistant\n";
    for (Answer& answer : preference.answers) answer.text += "<|im_end|>";
    return preference;
  }

 private:
  static std::string turn(const std::string& role, const std::string& content) {
    return fmt::format("<|im_start|>{}\n{}<|im_end|>\n", role, content);
  }

  std::string question(const Json& row) const {
    switch (type_) {
      case DatasetType::chatml_argilla:
        return "instruction";
      case DatasetType::chatml_intel:
        return "question";
      case DatasetType::chatml_icr:
        return "input";
      case DatasetType::chatml:
        for (const char* field : {"prompt", "input", "question"}) {
          if (row.contains(field)) return field;
        }
        return "instruction";
      default:
        return "prompt";
    }
  }

  std::string answer(const Json& row, const std::string& field, const std::string& where) const {
    if (type_ == DatasetType::chatml_ultra && options_.rl != Objective::kto) {
      return required_string(turns_of(row, field, 2, where)[1], "content", where);
    }
    const bool long_name = type_ == DatasetType::chatml && !row.contains(field);
    return required_string(row, long_name ? field + "_response" : field, where);
  }

  void read_conversation(const Json& row, const std::string& where, Preference& preference) const {
    if (options_.rl == Objective::kto) {
      const Json& turns = turns_of(row, "completion", 1, where);
      for (std::size_t i = 0; i + 1 < turns.size(); ++i) {
        preference.prompt +=
            turn(required_string(turns[i], "role", where), required_string(turns[i], "content", where));
      }
      preference.answers = {{required_string(turns.back(), "content", where), {}}};
      return;
    }
    preference.prompt = turn("user", required_string(turns_of(row, "chosen", 2, where)[0], "content", where));
    for (const char* field : {"chosen", "rejected"}) {
      preference.answers.push_back({required_string(turns_of(row, field, 2, where)[1], "content", where), {}});
    }
  }

  DatasetType type_;
  DataOptions options_;
};

/// A `type` that is a mapping, and `passthrough`: columns in words of the user's.
class UserPreferenceFormat : public PreferenceFormat {
 public:
  UserPreferenceFormat(const UserFormat& format, const DataOptions& options)
      : format_(format),
        options_(options),
        prompt_("type.prompt_format", or_default(format.prompt_format, "{prompt}"), {"prompt", "system"}) {
    check_user_format(format, true);
    const std::array fields = {format.field_chosen, format.field_rejected, format.field_completion};
    const std::array texts = {format.chosen_format, format.rejected_format, format.completion_format};
    const std::array names = {"chosen", "rejected", "completion"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      if ((options.rl == Objective::kto) != (i == 2)) continue;
      const std::string name = names[i];
      answers_.push_back({fields[i].value_or(name),
                          TextPattern("type." + name + "_format", or_default(texts[i], '{' + name + '}'), {name})});
    }
  }

 protected:
  Preference read(const Json& row, const std::string& where) const override {
    const std::string system_field = format_.field_system.value_or("system");
    const std::string system = row.contains(system_field) ? required_string(row, system_field, where) : "";
    Preference preference;
    preference.label = read_label(row, format_.field_label.value_or("label"), options_, where);
    preference.prompt = prompt_.fill(
        std::array<std::string_view, 2>{required_string(row, format_.field_prompt.value_or("prompt"), where), system});
    for (const auto& [field, pattern] : answers_) {
      const std::string& text = required_string(row, field, where);
      preference.answers.push_back({pattern.fill(std::array<std::string_view, 1>{text}), {}});
    }
    return preference;
  }

 private:
  static std::string or_default(const std::optional<std::string>& text, const std::string& fallback) {
    return text && !text->empty() ? *text : fallback;
  }

  UserFormat format_;
  DataOptions options_;
  TextPattern prompt_;
  std::vector<std::pair<std::string, TextPattern>> answers_;
};

}  // namespace

std::unique_ptr<PreferenceFormat> make_preference_format(const DatasetOptions& dataset, const DataOptions& options,
                                                         const std::filesystem::path& base_model,
                                                         const Tokenizer& tokenizer) {
  const std::string fault = preference_fault(dataset.type, options.rl);
  if (!fault.empty()) throw ConfigError("{}: type: {}", dataset.path, fault);
  if (dataset.type == DatasetType::passthrough) return std::make_unique<UserPreferenceFormat>(UserFormat(), options);
  if (dataset.type == DatasetType::user_defined) {
    return std::make_unique<UserPreferenceFormat>(dataset.type.fields, options);
  }
  if (dataset.type >= DatasetType::chatml) return std::make_unique<ChatmlFormat>(dataset.type, options);
  return make_chat_preference_format(dataset, options, choose_template(dataset, options, base_model, tokenizer));
}

}  // namespace eft
