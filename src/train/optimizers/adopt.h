#pragma once

#include "train/optimizers/adamw.h"

namespace eft {

/// ADOPT as Axolotl runs it, with decoupled decay. Its two moments are kept in the gradients' dtype.
class Adopt final : public Optimizer {
 public:
  Adopt(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "adopt"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;

  AdamDefaults settings_;
  std::vector<Tensor> first_, second_;
};

}  // namespace eft
