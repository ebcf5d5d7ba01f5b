#pragma once

#include "ops/adamw/adamw.h"
#include "train/optimizers/adamw.h"
#include "train/optimizers/coded_state.h"

namespace eft {

/// AdamW with its moments in one byte each, as bitsandbytes has it or as torchao does. They differ in how they round
/// and in which tensors keep moments in f32: small ones, bitsandbytes' also those of embeddings, torchao's also those
/// that are no whole number of blocks.
class Adamw8bit final : public Optimizer {
 public:
  Adamw8bit(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override;

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;

  AdamDefaults settings_;
  CodeRounding rounding_;
  std::vector<MomentState> first_, second_;
};

}  // namespace eft
