#include "train/supported_data.h"

#include "base/error.h"

namespace eft {
namespace {

void refuse_weights(const Examples& examples) {
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i].weights.empty()) continue;
    throw ConfigError(
        "{}: has loss weights other than 0 and 1, which training does not support yet; eft preprocess does",
        examples[i].source());
  }
}

}  // namespace

void require_supported(const DataOptions& options) {
  if (!options.rl) return;
  throw ConfigError("rl: not supported yet by training; eft preprocess prepares the rows");
}

void require_supported(const PreparedData& data) {
  refuse_weights(data.train);
  refuse_weights(data.eval);
}

}  // namespace eft
