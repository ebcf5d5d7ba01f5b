#include "data/preference/preference.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/formats/text_format.h"

namespace eft {
namespace {

/// As the tokenizer encodes a whole text, with one bos even when a template has written one already.
std::vector<TokenId> with_bos(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<TokenId> tokens = plain_tokens(tokenizer, text);
  const auto bos = tokenizer.id_of(tokenizer.bos_token());
  if (tokens.size() > 1 && tokens[0] == tokens[1] && tokens[0] == bos) tokens.erase(tokens.begin());
  return tokens;
}

std::int64_t size_of(const std::vector<TokenId>& tokens) { return static_cast<std::int64_t>(tokens.size()); }

}  // namespace

std::vector<Example> examples_of(const Preference& preference) {
  std::vector<Example> examples;
  for (const Answer& answer : preference.answers) {
    Example example{.tokens = preference.prompt_tokens,
                    .labels = std::vector<TokenId>(preference.prompt_tokens.size(), kIgnoreLabel),
                    .source = preference.source,
                    .answer = answer.text};
    example.tokens.insert(example.tokens.end(), answer.tokens.begin(), answer.tokens.end());
    example.labels.insert(example.labels.end(), answer.tokens.begin(), answer.tokens.end());
    example.role = examples.empty() ? PreferenceRole::chosen : PreferenceRole::rejected;
    if (preference.label) example.role = *preference.label ? PreferenceRole::good : PreferenceRole::bad;
    if (examples.empty()) example.prompt = preference.prompt;
    examples.push_back(std::move(example));
  }
  return examples;
}

Preference preference_of(const Examples& examples, std::size_t index) {
  const ExampleView first = examples[index];
  const auto prompt = std::ranges::find_if(first.labels, [](TokenId label) { return label != kIgnoreLabel; });
  const auto prompt_size = prompt - first.labels.begin();
  Preference preference{.prompt = std::string(first.prompt),
                        .prompt_tokens = {first.tokens.begin(), first.tokens.begin() + prompt_size},
                        .answers = {},
                        .label = {},
                        .source = first.source(),
                        .findings = {}};
  if (first.role == PreferenceRole::good || first.role == PreferenceRole::bad) {
    preference.label = first.role == PreferenceRole::good;
  }
  for (std::size_t m = 0; m < examples.members(index); ++m) {
    const ExampleView one = examples.member(index, m);
    preference.answers.push_back({std::string(one.answer), {one.tokens.begin() + prompt_size, one.tokens.end()}});
  }
  return preference;
}

Preference PreferenceFormat::texts(const nlohmann::ordered_json& row, const std::string& where) const {
  Preference preference = read(row, where);
  preference.source = where;
  if (preference.prompt.empty()) throw DataError("{}: the prompt is empty, expected text", where);
  for (const Answer& answer : preference.answers) {
    if (answer.text.empty()) throw DataError("{}: an answer is empty, expected text", where);
  }
  return preference;
}

void tokenize(Preference& preference, const Tokenizer& tokenizer, std::int64_t sequence_len) {
  preference.prompt_tokens = with_bos(tokenizer, preference.prompt);
  const std::vector<TokenId>& prompt = preference.prompt_tokens;
  for (Answer& answer : preference.answers) {
    const std::string& eos = tokenizer.eos_token();
    const std::string text = answer.text.ends_with(eos) ? answer.text : answer.text + eos;
    std::vector<TokenId> both = with_bos(tokenizer, preference.prompt + text);
    const auto split = std::mismatch(prompt.begin(), prompt.end(), both.begin(), both.end());
    // Where the end of the prompt grows together with the answer, the answer is encoded by itself: nothing is lost.
    answer.tokens =
        split.first == prompt.end() ? std::vector<TokenId>(split.second, both.end()) : tokenizer.encode(text);
    const std::int64_t room = std::max<std::int64_t>(sequence_len - size_of(prompt), 0);
    if (size_of(answer.tokens) > room) answer.tokens.resize(static_cast<std::size_t>(room));
  }
}

std::int64_t text_tokens(const Preference& preference, const Tokenizer& tokenizer) {
  std::int64_t longest = 0;
  for (const Answer& answer : preference.answers) longest = std::max(longest, size_of(tokenizer.encode(answer.text)));
  return size_of(tokenizer.encode(preference.prompt)) + longest;
}

bool truncate_answers(Preference& preference, const Tokenizer& tokenizer, std::int64_t sequence_len) {
  const std::int64_t room = sequence_len - size_of(tokenizer.encode(preference.prompt));
  if (room <= 0) return false;
  for (Answer& answer : preference.answers) {
    std::vector<TokenId> tokens = tokenizer.encode(answer.text);
    if (size_of(tokens) <= room) continue;
    tokens.resize(static_cast<std::size_t>(room));
    answer.text = tokenizer.decode(tokens);
  }
  return true;
}

}  // namespace eft
