#include "ops/rms_norm/rms_norm.h"

#include <utility>

#include "ops/add/add.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

/// What else a pass over the rows does: the norm goes onto `residual`, or is rotated by `table`.
struct Beside {
  Var residual;
  Tensor table;
};

void backward(Context& ctx, const RmsNormShape& shape, const Var& x, const Var& weight, const Tensor& rstd,
              const Tensor& table, const Tensor& dy) {
  Tensor partial;
  if (weight.wants_grad()) {
    const std::int64_t chunks = (shape.rows + kRmsNormPartialRows - 1) / kRmsNormPartialRows;
    partial = ctx.workspace(accumulator_of(x.dtype()), {chunks, shape.columns});
  }
  const GradView dx = x.grad_target(*ctx.pool);
  const GradView dweight = weight.grad_target(*ctx.pool);
  if (const auto* kernels = rms_norm_kernels.find(ctx.device())) {
    kernels->backward(ctx.stream, shape, x.view(), weight.view(), rstd.view(), table.view(), dy.view(), dx, dweight,
                      partial.view());
  }
}

/// What the forward pass makes.
struct Normalised {
  RmsNormShape shape;
  Tensor y, rstd;
};

Normalised forward(Context& ctx, const Var& x, const Var& weight, const Beside& beside, const RmsNormOptions& options) {
  const RmsNormShape shape{x.shape().rows(), x.shape().columns(), options.epsilon, options.weight_offset,
                           beside.table ? x.shape()[1] : 1};
  expect(!weight || weight.shape() == Shape{shape.columns}, "a weight for each column of rms_norm");
  Normalised result{shape, ctx.output(x.dtype(), x.shape()), ctx.output(accumulator_of(x.dtype()), {shape.rows})};
  if (const auto* kernels = rms_norm_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, shape, x.view(), weight.view(), beside.residual.view(), beside.table.view(),
                     result.y.view(), result.rstd.view());
  }
  return result;
}

}  // namespace

Var rms_norm(Context& ctx, const Var& x, const Var& weight, RmsNormOptions options) {
  const auto [shape, y, rstd] = forward(ctx, x, weight, {}, options);
  return ctx.result("rms_norm", y, {&x, &weight}, [x, weight, shape = shape, rstd = rstd](Context& again, Tensor& dy) {
    backward(again, shape, x, weight, rstd, {}, dy);
  });
}

Var add_rms_norm(Context& ctx, const Var& residual, const Var& x, const Var& weight, RmsNormOptions options) {
  expect(residual.shape() == x.shape() && residual.dtype() == x.dtype(), "terms of one shape and dtype");
  const auto [shape, y, rstd] = forward(ctx, x, weight, {.residual = residual, .table = {}}, options);
  return ctx.result(
      "add_rms_norm", y, {&residual, &x, &weight},
      [slot = Var(Tensor(), residual.slot()), x, weight, shape = shape, rstd = rstd](Context& again, Tensor& dy) {
        backward(again, shape, x, weight, rstd, {}, dy);
        pass_gradient(again, slot, std::move(dy));
      });
}

Var rms_norm_rotary(Context& ctx, const Var& x, const Var& weight, const Tensor& table, RmsNormOptions options) {
  expect(x.shape().rank() == 3 && x.shape()[2] % 2 == 0, "rotary takes [tokens, heads, head_dim], head_dim even");
  expect(table.shape() == Shape{x.shape()[0], x.shape()[2]}, "a row of cosines and sines for each token");
  expect(table.dtype() == accumulator_of(x.dtype()), "a table in the accumulator's dtype");
  const auto [shape, y, rstd] = forward(ctx, x, weight, {.residual = Var(), .table = table}, options);
  return ctx.result("rms_norm_rotary", y, {&x, &weight},
                    [x, weight, table, shape = shape, rstd = rstd](Context& again, Tensor& dy) {
                      backward(again, shape, x, weight, rstd, table, dy);
                    });
}

namespace {

const bool listed = list_kernels(rms_norm_kernels, timed<&RmsNormKernels::forward>("forward"),
                                 timed<&RmsNormKernels::backward>("backward"));

}  // namespace
}  // namespace eft
