#pragma once

#include "train/optimizers/factored_state.h"
#include "train/optimizers/optimizer.h"

namespace eft {

/// CAME as came_pytorch has it: Adafactor's update with a first moment, which matrices divide by how far updates stray
/// from it.
class Came final : public Optimizer {
 public:
  Came(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "came"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;
  /// Turns a member's gradient into the direction that it moves in.
  void direct(Context& ctx, std::size_t member, double gradient_scale);

  double beta1_, beta2_, beta3_, epsilon_, epsilon2_, threshold_;
  std::vector<Tensor> first_;
  std::vector<FactoredState> second_, instability_;
};

}  // namespace eft
