#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// One step's constants of schedule-free AdamW (Defazio et al., 2024).
struct ScheduleFreeStep {
  double beta1;  ///< share of the average in the values that gradients are taken at
  double beta2;
  double epsilon;
  std::int64_t step;      ///< 1 for the first
  double share;           ///< of the new base in the average
  double gradient_scale;  ///< multiplies the gradient first (clipping)
};

/// What a step reads and writes of one parameter. All but `value`: of one shape and dtype, f32 or f64.
struct ScheduleFreeTensors {
  ConstView gradient;
  View average;  ///< x, what is evaluated and saved
  View base;     ///< z, what moves
  View second;
  View value;       ///< y, what gradients are taken at: of the same dtype, or bf16
  double clip = 0;  ///< the base is held within ±clip; 0: no bound
  double learning_rate = 0;
  double weight_decay = 0;
};

struct ScheduleFreeKernels {
  /// v ← β2·v + (1 − β2)·g²;  z ← z − lr·(g/(√(v/(1 − β2ᵗ)) + ε) + wd·y);  x ← x + share·(z − x);  y as below.
  void (*update)(Stream, const ScheduleFreeStep&, std::span<const ScheduleFreeTensors> parameters);
  /// y = β1·x + (1 − β1)·z.
  void (*show)(Stream, double beta1, std::span<const ScheduleFreeTensors> parameters);
};
inline constinit KernelSlot<ScheduleFreeKernels> schedule_free_kernels{"schedule_free"};

}  // namespace eft
