#include "base/error.h"
#include "train/objectives/sft.h"

namespace eft {

std::unique_ptr<TrainingObjective> make_objective(const DataOptions& options) {
  if (options.rl) throw ConfigError("rl: not supported yet by training; eft preprocess prepares the rows");
  return std::make_unique<Sft>();
}

}  // namespace eft
