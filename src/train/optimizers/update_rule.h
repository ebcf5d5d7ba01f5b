#pragma once

#include <string_view>

#include "nn/parameter.h"
#include "train/optimizers/optimizer_options.h"

namespace eft {

/// What distinguishes parameters that one optimizer updates, as torch's parameter groups do.
struct UpdateRule {
  double rate_factor = 1;  ///< of the step's learning rate
  double weight_decay = 0;
};

/// The rule of a parameter.
UpdateRule update_rule(const Parameter& parameter, const OptimizerOptions& options);

/// Whether a parameter belongs to a norm (or is a bias), by the names that Transformers' trainer goes by.
bool is_norm(std::string_view name);

}  // namespace eft
