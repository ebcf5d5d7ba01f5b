#include "data/preference/preference_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace eft {

std::string dump_preference(const Preference& preference) {
  nlohmann::ordered_json row;
  const std::vector<std::string> names =
      preference.label ? std::vector<std::string>{"completion"} : std::vector<std::string>{"chosen", "rejected"};
  row["prompt"] = preference.prompt;
  for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = preference.answers[i].text;
  if (preference.label) row["label"] = *preference.label;
  row["prompt_ids"] = preference.prompt_tokens;
  for (std::size_t i = 0; i < names.size(); ++i) row[names[i] + "_ids"] = preference.answers[i].tokens;
  const auto colon = preference.source.rfind(':');
  row["source"] = preference.source.substr(0, colon);
  if (colon != std::string::npos) row["row"] = std::atoll(preference.source.c_str() + colon + 1);
  return row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string show_preference(const Preference& preference) {
  std::string text = preference.prompt;
  for (std::size_t i = 0; i < preference.answers.size(); ++i) {
    const char* name = i == 0 ? "chosen" : "rejected";
    if (preference.label) name = *preference.label ? "good" : "bad";
    text += fmt::format("\n[{}] «{}»", name, preference.answers[i].text);
  }
  return text;
}

}  // namespace eft
