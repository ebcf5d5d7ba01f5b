#pragma once

#include "tensor/tensor.h"

namespace eft {

/// What every optimizer's update reads and writes of one parameter. gradient, exact: one shape, f32 or f64.
struct ParameterUpdate {
  ConstView gradient;
  View exact;
  View rounded{};   ///< the bf16 copy of `exact` to refresh, or absent
  double clip = 0;  ///< the updated values are held within ±clip; 0: no bound
  double learning_rate = 0;
  double weight_decay = 0;
};

}  // namespace eft
