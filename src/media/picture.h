#pragma once

#include <cstdint>
#include <vector>

namespace eft {

/// Red, green and blue levels of a picture, row by row.
struct Picture {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> rgb;  ///< [height, width, 3]
};

}  // namespace eft
