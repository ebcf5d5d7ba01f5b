#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/rows/findings.h"
#include "data/store/examples.h"
#include "text/tokenizer.h"

namespace eft {

/// One answer to a prompt.
struct Answer {
  std::string text;
  std::vector<TokenId> tokens;  ///< what bears loss, with eos
};

/// A row of preferences: a prompt with the better and the worse answer, or for kto with one that is good or bad.
struct Preference {
  std::string prompt;
  std::vector<TokenId> prompt_tokens;
  std::vector<Answer> answers;  ///< chosen and rejected, or the completion
  std::optional<bool> label;    ///< kto: whether the completion is a good one
  std::string source;           ///< "file.jsonl:12"
  RowFindings findings;
};

/// The examples of a preference with tokens: the better answer and the worse one, or the one that there is.
std::vector<Example> examples_of(const Preference& preference);

/// The preference that became the unit `index` of `examples`; without findings.
Preference preference_of(const Examples& examples, std::size_t index);

/// Makes the texts of preferences of rows. Safe from any thread.
class PreferenceFormat {
 public:
  virtual ~PreferenceFormat() = default;
  /// Prompt, answers and label, without tokens. Throws DataError that names the row, which stands at `where`.
  Preference texts(const nlohmann::ordered_json& row, const std::string& where) const;
  /// The chat template that renders the rows; empty: none.
  virtual std::string template_name() const { return ""; }

 protected:
  virtual Preference read(const nlohmann::ordered_json& row, const std::string& where) const = 0;
};

/// The format of `dataset.type` for `options.rl`. Throws ConfigError for a type that makes no such rows.
std::unique_ptr<PreferenceFormat> make_preference_format(const DatasetOptions& dataset, const DataOptions& options,
                                                         const std::filesystem::path& base_model,
                                                         const Tokenizer& tokenizer);

/// Gives the texts of a row their tokens, as TRL does: eos behind every answer, one bos in front of the prompt where
/// the tokenizer asks for it, and nothing beyond `sequence_len`. The prompt is never cut.
void tokenize(Preference& preference, const Tokenizer& tokenizer, std::int64_t sequence_len);

/// Tokens of the texts alone: of the prompt with the longest answer.
std::int64_t text_tokens(const Preference& preference, const Tokenizer& tokenizer);

/// Cuts answers that do not fit beside the prompt. Returns false when the prompt alone is too long.
bool truncate_answers(Preference& preference, const Tokenizer& tokenizer, std::int64_t sequence_len);

}  // namespace eft
