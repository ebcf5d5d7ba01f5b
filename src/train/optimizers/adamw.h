#pragma once

#include "train/optimizers/optimizer.h"

namespace eft {

/// AdamW as torch.optim.AdamW. Its two moments are kept in the gradients' dtype.
class Adamw final : public Optimizer {
 public:
  Adamw(ParameterStore& store, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "adamw"; }
  NamedTensors state() const override;

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;

  OptimizerOptions options_;
  std::vector<Tensor> first_, second_;
};

}  // namespace eft
