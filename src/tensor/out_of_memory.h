#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace eft {

/// A device has no memory for what was asked. Who knows what was planned can say more.
struct OutOfMemory : DeviceError {
  explicit OutOfMemory(const std::string& message, std::int64_t bytes_wanted = 0)
      : DeviceError("{}", message), wanted(bytes_wanted) {}
  std::int64_t wanted;  ///< what was in use and asked for together; 0: unknown
};

}  // namespace eft
