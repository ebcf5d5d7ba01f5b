#pragma once

#include <memory>
#include <utility>

#include "tensor/tensor.h"

namespace eft {

/// Where the gradient of one value is summed. `filled` is false until the first contribution, which overwrites.
struct GradSlot {
  Tensor tensor;
  Shape shape;
  DType dtype = DType::f32;
  Category category = Category::workspace;
  bool filled = false;
};

/// A value of the forward pass and, when somebody wants it, the place of its gradient.
class Var {
 public:
  Var() = default;
  /// A constant: no gradient flows to it.
  explicit Var(Tensor value) : value_(std::move(value)) {}
  /// The slot takes the value's shape; without a value it keeps its own (an output whose storage went elsewhere).
  Var(Tensor value, std::shared_ptr<GradSlot> slot) : value_(std::move(value)), slot_(std::move(slot)) {
    if (slot_ && value_ && slot_->shape.rank() == 0) slot_->shape = value_.shape();
  }
  /// An input whose gradient is wanted; the gradient has `value`'s own dtype.
  static Var leaf(Tensor value) {
    auto slot = std::make_shared<GradSlot>();
    slot->dtype = value.dtype();
    return {std::move(value), std::move(slot)};
  }

  explicit operator bool() const { return static_cast<bool>(value_); }
  const Tensor& value() const { return value_; }
  const Shape& shape() const { return value_.shape(); }
  DType dtype() const { return value_.dtype(); }
  ConstView view() const { return value_.const_view(); }

  /// The same value and gradient under another shape of equal size.
  Var reshape(Shape shape) const { return {value_.reshape(std::move(shape)), slot_}; }

  bool wants_grad() const { return slot_ != nullptr; }
  const std::shared_ptr<GradSlot>& slot() const { return slot_; }
  /// The gradient summed so far; no tensor when nothing has arrived.
  Tensor grad() const { return slot_ && slot_->filled ? slot_->tensor : Tensor(); }

  /// Where a backward kernel puts this value's gradient, allocated on first use; absent when not wanted. Asking is a
  /// promise to write: the slot counts as filled from then on.
  GradView grad_target(Pool& pool) const {
    if (!slot_) return {};
    const bool accumulate = slot_->filled;
    if (!slot_->tensor) slot_->tensor = Tensor(pool, slot_->category, slot_->dtype, slot_->shape);
    slot_->filled = true;
    View view = slot_->tensor.view();
    if (value_) view.shape = value_.shape();
    return {view, accumulate};
  }

 private:
  Tensor value_;
  std::shared_ptr<GradSlot> slot_;
};

}  // namespace eft
