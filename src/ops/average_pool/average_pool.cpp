#include "ops/average_pool/average_pool.h"

#include "ops/support/kernel_list.h"

namespace eft {

Var average_pool(Context& ctx, const Var& x, PoolShape shape) {
  expect(x.shape().rank() == 2 && x.shape()[0] == shape.side * shape.side && shape.side % shape.size == 0,
         "a square picture in whole cells");
  Tensor y = ctx.output(x.dtype(), {shape.cells() * shape.cells(), x.shape()[1]});
  if (const auto* kernels = average_pool_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, shape, x.view(), y.view());
  }
  const Var slot(Tensor(), x.slot());  // the values are no longer needed
  return ctx.result("average_pool", y, {&x}, [slot, shape](Context& inner, Tensor& dy) {
    const GradView dx = slot.grad_target(*inner.pool);
    const auto* kernels = average_pool_kernels.find(inner.device());
    if (kernels != nullptr && dx) kernels->backward(inner.stream, shape, dy.view(), dx);
  });
}

namespace {

const bool listed = list_kernels(average_pool_kernels, timed<&AveragePoolKernels::forward>("forward"),
                                 timed<&AveragePoolKernels::backward>("backward"));

}  // namespace
}  // namespace eft
