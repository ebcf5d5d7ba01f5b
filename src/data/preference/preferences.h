#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/dataset.h"
#include "data/preference/preference.h"
#include "text/tokenizer.h"

namespace eft {

/// Tokenised rows of preferences, in the order in which they were kept.
struct PreparedPreferences {
  std::vector<Preference> train;
  std::vector<Preference> eval;
  DataReport report;
};

/// Reads, renders, tokenises and filters every dataset of `options` for `options.rl`, merges them (shuffled by `seed`
/// where asked) and splits off the evaluation rows. A row is too long when its prompt and an answer together have more
/// than sequence_len tokens, and cannot be used when one of them is not below `vocabulary`. Throws FileError, DataError
/// (names file:line) or ConfigError; also when nothing is left.
PreparedPreferences prepare_preferences(const DataOptions& options, const std::filesystem::path& base_model,
                                        const Tokenizer& tokenizer, std::int64_t seed,
                                        std::int64_t vocabulary = kAnyVocabulary);

/// One JSON object with Axolotl's columns (prompt, chosen, rejected, or prompt, completion, label), the ids that TRL
/// makes of them (prompt_ids, chosen_ids, …), source (the file) and row (its line).
std::string dump_preference(const Preference& preference);

/// The texts of a row, one after the other, for a person.
std::string show_preference(const Preference& preference);

}  // namespace eft
