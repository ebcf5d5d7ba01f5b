#include "train/job/supported_data.h"

#include "base/error.h"

namespace eft {

void require_supported(const DataOptions& options) {
  if (!options.rl) return;
  throw ConfigError("rl: not supported yet by training; eft preprocess prepares the rows");
}

}  // namespace eft
