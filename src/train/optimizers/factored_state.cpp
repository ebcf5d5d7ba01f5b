#include "train/optimizers/factored_state.h"

namespace eft {

FactoredState::FactoredState(const Parameter& parameter, Pool& pool) {
  const FactoredShape shape(parameter.shape);
  rows = Tensor(pool, Category::optimizer, parameter.grad->dtype, {shape.matrices, shape.rows});
  columns = Tensor(pool, Category::optimizer, parameter.grad->dtype, {shape.matrices, shape.columns});
  zero(rows);
  zero(columns);
}

void FactoredState::add_to(NamedTensors& state, const std::string& word) const {
  state.emplace_back(word + "_rows", rows);
  state.emplace_back(word + "_columns", columns);
}

}  // namespace eft
