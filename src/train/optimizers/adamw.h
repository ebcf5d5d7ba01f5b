#pragma once

#include "train/optimizers/optimizer.h"

namespace eft {

/// What distinguishes the AdamW of one library from another's.
struct AdamDefaults {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};
/// What the run's keys say, and where they are silent the defaults.
AdamDefaults adam_settings(const OptimizerOptions& options, const AdamDefaults& defaults);

/// AdamW as torch.optim.AdamW, or with the defaults of optimi's. Its two moments are kept in the gradients' dtype.
class Adamw final : public Optimizer {
 public:
  Adamw(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "adamw"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;

  AdamDefaults settings_;
  std::vector<Tensor> first_, second_;
};

}  // namespace eft
