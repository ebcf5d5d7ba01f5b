#pragma once

#include <span>

#include "data/store/examples.h"
#include "models/model.h"

namespace eft {

/// How far the training forward, which sees whole rows at once, is from the cached forward that generation uses.
struct ForwardCheck {
  std::int64_t rows = 0;
  std::int64_t tokens = 0;
  double error = 0;      ///< worst ‖difference‖ / ‖hidden state‖ of a token
  double tolerance = 0;  ///< for the model's dtype

  bool pass() const { return error <= tolerance; }
};

/// Compares the two on the first rows of `examples`. The rows are laid end to end in the training forward, so that a
/// leak between them shows as well.
ForwardCheck check_forward(const Model& model, Pool& pool, const Examples& examples);

}  // namespace eft
