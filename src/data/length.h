#pragma once

#include <optional>
#include <vector>

#include "data/data_options.h"
#include "data/dataset.h"
#include "data/example.h"

namespace eft {

/// Applies min_sample_len, sequence_len with excess_length_strategy, and drops an example without a token to learn
/// from; counts what it did. Returns the example that is left, if any. Throws DataError for excess_length_strategy:
/// raise.
std::optional<Example> fit_length(Example example, const DataOptions& options, DatasetCounts& counts);

}  // namespace eft
