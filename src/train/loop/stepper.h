#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "data/store/example.h"
#include "data/batches/loader.h"
#include "models/model.h"
#include "train/optimizers/optimizer.h"
#include "train/train_options.h"

namespace eft {

struct StepResult {
  double loss = 0;       ///< mean over the label tokens of all micro batches
  double grad_norm = 0;  ///< before clipping
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  bool updated = false;    ///< false: loss or gradient is not finite and nothing was changed
  std::string not_finite;  ///< then, the first tensor that is not finite, in words; empty: only a sum is
};

/// One optimizer step after the other: forward, backward, clipping, update. The planner runs the same code on meta.
class Stepper {
 public:
  /// All of these must outlive the stepper.
  Stepper(Model& model, Pool& pool, Optimizer& optimizer, const TrainOptions& options)
      : model_(model), pool_(pool), optimizer_(optimizer), options_(options) {}

  /// A step over all `micro_batches`; the loss is divided by their label tokens together. `step`, counted from 0,
  /// decides what dropout drops.
  StepResult step(std::span<const PackedRow> micro_batches, double learning_rate, std::int64_t step);

 private:
  /// Queues the forward and the backward pass of a row; waits for neither. Returns its loss.
  Tensor forward_backward(Context& ctx, const PackedRow& row, double scale);

  Model& model_;
  Pool& pool_;
  Optimizer& optimizer_;
  const TrainOptions& options_;
  bool warm_ = false;  ///< a micro batch has run plainly, and with it whatever the device does only once
};

/// What a model sees of a packed row.
ModelInput input_of(const PackedRow& row);

struct Evaluation {
  double loss = 0;  ///< mean over label tokens
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
};

/// The loss over one epoch of `loader`, without gradients or dropout; nothing when `stop` asks for an end before.
std::optional<Evaluation> evaluate(const Model& model, Pool& pool, Loader loader, const std::function<bool()>& stop);

}  // namespace eft
