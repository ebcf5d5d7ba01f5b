#pragma once

#include <cstdint>
#include <vector>

#include "data/store/example_store.h"

namespace eft {

/// Leaves in `order` the first of examples with the same tokens, labels and weights; returns how many it took out.
/// Examples are told apart by hashes of 128 bits.
std::int64_t drop_duplicates(std::vector<std::uint32_t>& order, const ExampleStore& store);

}  // namespace eft
