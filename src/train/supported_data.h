#pragma once

#include "data/dataset.h"

namespace eft {

/// Throws ConfigError when the options ask for data that training cannot learn from yet.
void require_supported(const DataOptions& options);

/// The same for the rows themselves: ConfigError that names the first one with loss weights.
void require_supported(const PreparedData& data);

}  // namespace eft
