#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eft {

/// The merges in order of rank: the pieces left and right of each, written one behind the other.
struct MergeTexts {
  std::string bytes;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> sizes;
};

}  // namespace eft
