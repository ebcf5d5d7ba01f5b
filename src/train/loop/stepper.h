#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "data/store/example.h"
#include "models/model.h"
#include "train/objectives/objective.h"
#include "train/optimizers/optimizer.h"
#include "train/train_options.h"

namespace eft {

struct StepResult {
  double loss = 0;       ///< of the objective, over all micro batches
  double grad_norm = 0;  ///< before clipping
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  MetricValues extra;      ///< what the objective adds
  bool updated = false;    ///< false: nothing was changed, since loss or gradient is not finite
  std::string not_finite;  ///< then, the first tensor that is not finite, in words; empty: only a sum is

  bool finite() const;
};

/// One optimizer step after the other: forward, backward, clipping, update. The planner runs the same code on meta.
class Stepper {
 public:
  /// All of these must outlive the stepper.
  Stepper(Model& model, Pool& pool, TrainingObjective& objective, Optimizer& optimizer, const TrainOptions& options)
      : model_(model), pool_(pool), objective_(objective), optimizer_(optimizer), options_(options) {}

  /// A step over all `micro_batches`, whose losses are divided by what they weigh together. `step`, counted from 0,
  /// decides what dropout drops.
  StepResult step(std::span<const PackedRow> micro_batches, double learning_rate, std::int64_t step);

  /// The first half of a step: leaves the gradients with the parameters.
  StepResult accumulate(std::span<const PackedRow> micro_batches, std::int64_t step);
  /// The second half: clips and updates, or discards gradients that are not finite.
  void update(StepResult& result, double learning_rate);

 private:
  /// Queues the forward and the backward pass of a row; waits for neither. Returns its loss.
  Tensor forward_backward(Context& ctx, const PackedRow& row, double scale);

  Model& model_;
  Pool& pool_;
  TrainingObjective& objective_;
  Optimizer& optimizer_;
  const TrainOptions& options_;
  bool warm_ = false;  ///< a micro batch has run plainly, and with it whatever the device does only once
};

}  // namespace eft
