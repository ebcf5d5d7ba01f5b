#pragma once

#include "train/optimizers/optimizer.h"

namespace eft {

/// SGD as torch.optim.SGD. With momentum it keeps one buffer in the gradients' dtype.
class Sgd final : public Optimizer {
 public:
  Sgd(ParameterStore& store, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "sgd"; }
  /// The buffers of the parameters that have had a gradient: "momentum.NAME".
  NamedTensors state() const override;
  void restore(const Safetensors& file, std::int64_t steps) override;

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;

  SgdOptions options_;
  std::vector<Tensor> momentum_;  ///< empty without momentum
  std::vector<bool> begun_;       ///< whether a member has had a gradient
};

}  // namespace eft
