#pragma once

#include "data/data_options.h"

namespace eft {

/// Throws ConfigError when the options ask for data that training cannot learn from yet.
void require_supported(const DataOptions& options);

}  // namespace eft
