#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/store/examples.h"

namespace eft {

/// Where the sequences of some micro batches come from ("file.jsonl:12"), the first few of them. Found by comparing
/// tokens, which is slow and needed only when a run stops.
std::vector<std::string> row_sources(std::span<const PackedRow> batches, const Examples& examples);

}  // namespace eft
