#pragma once

#include "train/optimizers/coded_state.h"
#include "train/optimizers/optimizer.h"

namespace eft {

/// Lion as bitsandbytes has it, its one moment whole or in codes of 8 bits.
class Lion final : public Optimizer {
 public:
  Lion(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return coded_ ? "lion_8bit" : "lion"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;

  double beta1_, beta2_;
  bool coded_;
  std::vector<MomentState> moment_;
};

}  // namespace eft
