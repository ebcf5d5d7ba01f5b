#pragma once

#include <cstdint>
#include <vector>

#include "data/store/example_store.h"

namespace eft {

/// Leaves in `order` the first of units with the same tokens, labels and weights, or the same texts and labels of
/// preferences; returns how many it took out. Units are told apart by hashes of 128 bits.
std::int64_t drop_duplicates(std::vector<std::uint32_t>& order, const ExampleStore& store);

}  // namespace eft
