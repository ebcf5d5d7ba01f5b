#include "data/preference/preference_rows.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace eft {

void PreferenceRows::fit(Preference& row, FormattedRow& out) const {
  const std::int64_t tokens = text_tokens(row, tokenizer_);
  if (tokens <= longest_) return;
  if (strategy_ == ExcessLength::raise) {
    throw DataError(
        "{}: prompt and answer have {} tokens, expected at most sequence_len = {}; set excess_length_strategy to drop "
        "or truncate, or raise it",
        out.where, tokens, longest_);
  }
  out.truncated = strategy_ == ExcessLength::truncate && truncate_answers(row, tokenizer_, longest_);
  if (!out.truncated) out.too_long = fmt::format("{} tokens", tokens);
}

void PreferenceRows::read(const nlohmann::ordered_json& row, FormattedRow& out) const {
  Preference preference = format_->texts(row, out.where);
  out.findings.insert(out.findings.end(), preference.findings.begin(), preference.findings.end());
  fit(preference, out);
  if (!out.too_long.empty()) return;
  tokenize(preference, tokenizer_, longest_);
  out.examples = examples_of(preference);
}

}  // namespace eft
