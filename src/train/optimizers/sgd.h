#pragma once

#include "train/optimizers/optimizer.h"

namespace eft {

/// SGD as torch.optim.SGD. With momentum it keeps one buffer in the gradients' dtype.
class Sgd final : public Optimizer {
 public:
  Sgd(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "sgd"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;

  double momentum_factor_, dampening_;
  bool nesterov_;
  std::vector<Tensor> momentum_;  ///< empty without momentum
};

}  // namespace eft
