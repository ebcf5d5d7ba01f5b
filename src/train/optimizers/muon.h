#pragma once

#include "train/optimizers/adamw.h"

namespace eft {

/// Muon as Axolotl's for one device: the momentum of a matrix, made orthogonal. Embeddings, the output layer, saved
/// modules and vectors get AdamW.
class Muon final : public Optimizer {
 public:
  Muon(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "muon"; }

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;
  /// Updates one parameter by its momentum.
  void move(Context& ctx, const Reached& one, double gradient_scale);

  AdamDefaults adam_;
  double momentum_factor_;
  bool nesterov_;
  std::int64_t newton_schulz_steps_;
  std::vector<Tensor> first_;   ///< the momentum, or AdamW's first moment
  std::vector<Tensor> second_;  ///< of AdamW; none for matrices
};

}  // namespace eft
