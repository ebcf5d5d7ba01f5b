#include "ops/add_bias/add_bias.h"

#include <utility>

#include "ops/add/add.h"
#include "ops/support/kernel_list.h"
#include "ops/support/matrix.h"

namespace eft {
namespace {

void bias_gradient(Context& ctx, const Var& bias, const Tensor& dy) {
  if (!bias.wants_grad()) return;
  const std::int64_t chunks = (dy.shape().rows() + kAddBiasPartialRows - 1) / kAddBiasPartialRows;
  Tensor partial = ctx.workspace(accumulator_of(dy.dtype()), {chunks, dy.shape().columns()});
  const GradView dbias = bias.grad_target(*ctx.pool);
  if (const auto* kernels = add_bias_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, matrix(dy.const_view()), dbias, partial.view());
  }
}

}  // namespace

Var add_bias(Context& ctx, Var x, const Var& bias) {
  expect(bias.shape() == Shape{x.shape().columns()} && bias.dtype() == x.dtype(), "a bias for each column");
  Tensor y = x.value();
  if (const auto* kernels = add_bias_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, bias.view(), matrix(y.view()));
  }
  x = Var(Tensor(), x.slot());  // the storage lives on as the result
  return ctx.result("add_bias", y, {&x, &bias}, [=](Context& inner, Tensor& dy) {
    bias_gradient(inner, bias, dy);
    pass_gradient(inner, x, std::move(dy));
  });
}

namespace {

const bool listed = list_kernels(add_bias_kernels, timed<&AddBiasKernels::forward>("forward"),
                                 timed<&AddBiasKernels::backward>("backward"));

}  // namespace
}  // namespace eft
