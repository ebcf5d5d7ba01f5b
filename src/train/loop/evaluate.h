#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "data/batches/loader.h"
#include "train/objectives/objective.h"

namespace eft {

struct Evaluation {
  double loss = 0;    ///< of the objective, over all rows
  double weight = 0;  ///< that all rows have together
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  MetricValues extra;  ///< what the objective adds: means over the micro batches
};

/// The loss over one epoch of `loader`, without gradients or dropout; nothing when `stop` asks for an end before.
std::optional<Evaluation> evaluate(const Model& model, Pool& pool, TrainingObjective& objective, Loader loader,
                                   const std::function<bool()>& stop);

}  // namespace eft
