#pragma once

#include "train/optimizers/factored_state.h"
#include "train/optimizers/optimizer.h"

namespace eft {

/// Adafactor as Transformers' trainer calls its own: given rates, no first moment, the second one as means of rows and
/// columns.
class Adafactor final : public Optimizer {
 public:
  Adafactor(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "adafactor"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;

  std::vector<FactoredState> second_;
};

}  // namespace eft
