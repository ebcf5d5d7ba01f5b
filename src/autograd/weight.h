#pragma once

#include <memory>
#include <utility>

#include "autograd/var.h"
#include "tensor/weight_view.h"

namespace eft {

/// What an op multiplies by: a value that may want a gradient, or a frozen one that is kept packed.
class Weight {
 public:
  Weight() = default;
  Weight(const Var& dense) : var_(dense) {}
  explicit Weight(std::shared_ptr<const PackedTensor> packed) : packed_(std::move(packed)) {}

  explicit operator bool() const { return packed_ != nullptr || static_cast<bool>(var_); }
  const Shape& shape() const { return packed_ ? packed_->shape : var_.shape(); }
  /// Which holds its values.
  DType dtype() const { return packed_ ? WeightView(*packed_).dtype : var_.dtype(); }
  WeightView view() const { return packed_ ? WeightView(*packed_) : WeightView(var_.view()); }

  bool wants_grad() const { return var_.wants_grad(); }
  GradView grad_target(Pool& pool) const { return var_.grad_target(pool); }
  /// For what is recorded: empty where it is packed.
  const Var& var() const { return var_; }

 private:
  Var var_;
  std::shared_ptr<const PackedTensor> packed_;
};

}  // namespace eft
