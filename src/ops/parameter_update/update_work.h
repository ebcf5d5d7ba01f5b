#pragma once

#include "ops/parameter_update/parameter_update.h"
#include "ops/support/kernel_list.h"

namespace eft {

/// What every update of a parameter reads and writes beside the optimizer's own state.
inline double update_bytes(const ParameterUpdate& update) {
  return bytes_of(update.gradient) + bytes_of(update.exact) + bytes_of(update.rounded);
}

}  // namespace eft
