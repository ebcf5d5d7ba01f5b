#pragma once

#include "nn/parameter.h"
#include "ops/factored/factored.h"
#include "tensor/safetensors.h"

namespace eft {

/// A moment of squares of one parameter, as means of its rows and columns in the gradient's dtype.
struct FactoredState {
  Tensor rows, columns;

  /// All zero.
  FactoredState(const Parameter& parameter, Pool& pool);
  /// Adds what a checkpoint keeps: "second_rows" and "second_columns".
  void add_to(NamedTensors& state, const std::string& word) const;
};

}  // namespace eft
