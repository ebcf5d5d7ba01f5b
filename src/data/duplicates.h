#pragma once

#include <cstdint>
#include <vector>

#include "data/example.h"

namespace eft {

/// Keeps the first of examples with the same tokens and labels; returns how many it dropped. Examples are told apart by
/// hashes of 128 bits.
std::int64_t drop_duplicates(std::vector<Example>& examples);

}  // namespace eft
