#include "data/formats/user_format.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/formats/text_format.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kInstructionKeys = {"system_prompt", "system_format", "field_instruction", "field_input",
                                         "field_output",  "format",        "no_input_format"};

/// Visitor: the keys that are set.
struct SetKeys {
  std::vector<std::string> keys;

  void operator()(FieldInfo info, const std::optional<std::string>& value) {
    if (value) keys.emplace_back(info.key);
  }
};

std::string string_or(const Json& row, const std::string& field, const std::string& where,
                      const std::string& fallback) {
  return row.contains(field) ? required_string(row, field, where) : fallback;
}

}  // namespace

void check_user_format(const UserFormat& format, bool preferences) {
  UserFormat copy = format;
  SetKeys set;
  describe(set, copy);
  for (const std::string& key : set.keys) {
    const bool instruction = std::ranges::find(kInstructionKeys, key) != kInstructionKeys.end();
    if (key == "field_system" || instruction != preferences) continue;
    throw ConfigError("type.{}: {}; remove it", key,
                      preferences ? "has no meaning with rl" : "speaks about preferences, but rl is not set");
  }
}

UserInstructionFormat::UserInstructionFormat(const UserFormat& format, const DataOptions& options,
                                             const Tokenizer& tokenizer)
    : format_(format),
      system_("type.system_format", format.system_format.value_or("{system}"), {"system"}),
      turn_("type.format", format.format.value_or("{instruction} {input} "), {"instruction", "input"}),
      turn_alone_("type.no_input_format", format.no_input_format.value_or("{instruction} "), {"instruction"}),
      train_on_inputs_(options.train_on_inputs),
      tokenizer_(tokenizer) {
  check_user_format(format, false);
}

void UserInstructionFormat::read(const Json& row, FormattedRow& out) const {
  const std::string& instruction = required_string(row, format_.field_instruction.value_or("instruction"), out.where);
  const std::string input = string_or(row, format_.field_input.value_or("input"), out.where, "");
  const std::string system =
      string_or(row, format_.field_system.value_or("system"), out.where, format_.system_prompt.value_or(""));
  std::string prompt = system.empty() ? "" : system_.fill(std::array<std::string_view, 1>{system});
  prompt += input.empty() ? turn_alone_.fill(std::array<std::string_view, 1>{instruction})
                          : turn_.fill(std::array<std::string_view, 2>{instruction, input});
  const std::string& answer = required_string(row, format_.field_output.value_or("output"), out.where);
  out.examples.push_back(answer_example(prompt, answer, train_on_inputs_, tokenizer_));
}

}  // namespace eft
