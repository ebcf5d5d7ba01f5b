#pragma once

#include <cstdint>
#include <vector>

namespace eft {

/// The samples that share a row, by index.
using Bin = std::vector<std::uint32_t>;

/// Fills rows of `capacity` tokens: samples in windows of some thousand, the longest of a window first, each into the
/// first row with room. `order` lists the samples; lengths[sample] <= capacity.
std::vector<Bin> pack_tightly(const std::vector<std::uint32_t>& order, const std::vector<std::int64_t>& lengths,
                              std::int64_t capacity);

/// The same in nearly the given order: a sample goes into the first of the last few rows with room, and rows stay in
/// the order in which they were begun.
std::vector<Bin> pack_in_order(const std::vector<std::uint32_t>& order, const std::vector<std::int64_t>& lengths,
                               std::int64_t capacity);

}  // namespace eft
