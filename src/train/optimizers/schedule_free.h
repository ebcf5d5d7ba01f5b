#pragma once

#include "ops/schedule_free/schedule_free.h"
#include "train/optimizers/adamw.h"

namespace eft {

/// Schedule-free AdamW as schedulefree has it. Gradients are taken between a base, which moves, and its average, which
/// is the result. A parameter's exact tensor holds the average where it has a rounded copy beside it; where it has
/// none, the average is a tensor of its own.
class ScheduleFreeAdamw final : public Optimizer {
 public:
  ScheduleFreeAdamw(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options);
  std::string_view kind() const override { return "schedule_free_adamw"; }
  void restore(const Safetensors& file, std::int64_t steps) override;
  void show_result() override;
  void show_training(Stream stream) override;

 private:
  void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) override;
  NamedTensors state_of(std::size_t member) const override;
  ScheduleFreeTensors tensors_of(std::size_t member);
  /// What step `step` (from 1 on) weighs in the average, and how far the warm-up has come by it.
  double weight(std::int64_t step) const;
  double warmth(std::int64_t step) const;

  AdamDefaults settings_;
  std::int64_t warmup_;
  double rate_power_, step_power_;
  double weight_sum_ = 0;  ///< of the steps made
  std::vector<Tensor> base_, second_;
  std::vector<Tensor> average_;  ///< shares the exact tensor, or is one of its own
};

}  // namespace eft
