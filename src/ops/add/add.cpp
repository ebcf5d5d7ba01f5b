#include "ops/add/add.h"
#include "ops/support/kernel_list.h"

#include <utility>

namespace eft {
namespace {

void add_gradient(Context& ctx, const Var& target, const Tensor& dy, double factor) {
  const GradView dx = target.grad_target(*ctx.pool);
  const auto* kernels = add_kernels.find(ctx.device());
  if (dx && kernels != nullptr) kernels->backward(ctx.stream, dy.view(), factor, dx);
}

}  // namespace

Var add(Context& ctx, const Var& a, const Var& b, double factor) {
  expect(a.shape() == b.shape() && a.dtype() == b.dtype(), "terms of one shape and dtype");
  Tensor y = ctx.output(a.dtype(), a.shape());
  if (const auto* kernels = add_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, a.view(), b.view(), factor, y.view());
  }
  // Only the slots are captured: the values are no longer needed.
  return ctx.result(
      "add", y, {&a, &b},
      [to_a = Var(Tensor(), a.slot()), to_b = Var(Tensor(), b.slot()), factor](Context& backward_ctx, Tensor& dy) {
        add_gradient(backward_ctx, to_a, dy, factor);
        if (factor == 1.0) {
          pass_gradient(backward_ctx, to_b, std::move(dy));
        } else {
          add_gradient(backward_ctx, to_b, dy, factor);
        }
      });
}

void pass_gradient(Context& ctx, const Var& target, Tensor&& gradient) {
  if (!target.wants_grad()) return;
  GradSlot& slot = *target.slot();
  if (!slot.filled && !slot.tensor && gradient.unique() && slot.dtype == gradient.dtype()) {
    slot.tensor = gradient.reshape(slot.shape);
    gradient = {};
    slot.filled = true;
  } else {
    add_gradient(ctx, target, gradient, 1.0);
  }
}

namespace {

const bool listed =
    list_kernels(add_kernels, timed<&AddKernels::forward>("forward"), timed<&AddKernels::backward>("backward"));

}  // namespace
}  // namespace eft
