#pragma once

#include <string>

#include "nn/parameter.h"

namespace eft {

/// Whether no element is an infinity or not a number.
bool all_finite(const Tensor& tensor);

/// The first tensor that is not finite, in words: a parameter, else the first gradient in the order of the backward
/// pass
/// ("the gradient of model.layers.3.mlp.up_proj.weight"). Empty when all are finite.
std::string first_not_finite(const ParameterStore& parameters);

}  // namespace eft
