#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "data/data_options.h"
#include "data/dataset.h"
#include "data/formats/format.h"
#include "data/store/example.h"

namespace eft {

/// Applies min_sample_len, sequence_len (eval_sequence_len to evaluation datasets) with excess_length_strategy, and
/// drops an example without a token to learn from (`unlabelled` may say why it has none); counts what it did. Returns
/// the example that is left, if any. Throws DataError for excess_length_strategy: raise.
std::optional<Example> fit_length(Example example, const DataOptions& options, DatasetCounts& counts,
                                  const std::string& unlabelled = "");

/// Counts the examples of a row of preferences, which its format has fitted to sequence_len: together they are one.
/// Returns whether there are any to keep.
bool keep_preference(const FormattedRow& row, DatasetCounts& counts);

/// min_sample_len, or its default.
std::int64_t shortest_of(const DataOptions& options);

/// The most tokens of an example.
std::int64_t longest_of(const DataOptions& options, bool for_evaluation);

/// Counts one more; keeps the first `what`.
void count_dropped(Dropped& dropped, const std::string& what);

}  // namespace eft
