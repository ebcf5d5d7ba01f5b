#include "ops/put_rows/put_rows.h"

#include <utility>

#include "ops/add/add.h"
#include "ops/support/kernel_list.h"
#include "ops/support/matrix.h"

namespace eft {
namespace {

void backward(Context& ctx, const Var& x, const Var& rows, std::int64_t count, std::int64_t begin, Tensor& dy) {
  const auto* kernels = put_rows_kernels.find(ctx.device());
  GradView drows = rows.grad_target(*ctx.pool);
  drows.view.shape = {count, dy.shape().columns()};
  if (drows && kernels != nullptr) kernels->backward(ctx.stream, matrix(dy.const_view()), begin, drows);
  if (!x.wants_grad()) return;
  Tensor dx = dy;
  dy = {};
  if (!dx.unique()) {
    Tensor own = ctx.workspace(dx.dtype(), dx.shape());
    convert(dx, own);
    dx = own;
  }
  if (kernels != nullptr) kernels->clear(ctx.stream, begin, count, matrix(dx.view()));
  pass_gradient(ctx, x, std::move(dx));
}

}  // namespace

Var put_rows(Context& ctx, Var x, const Var& rows, std::int64_t begin) {
  const std::int64_t count = rows.shape()[0];
  expect(begin >= 0 && begin + count <= x.shape()[0], "rows inside those that they replace");
  expect(rows.dtype() == x.dtype() && rows.shape().columns() * x.shape().rows() == x.shape().elements(),
         "rows of the width and dtype of those that they replace");
  Tensor y = x.value();
  if (const auto* kernels = put_rows_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, matrix(rows.view()), begin, matrix(y.view()));
  }
  // The storage lives on as the result, and the values of neither are needed.
  x = Var(Tensor(), x.slot());
  return ctx.result("put_rows", y, {&x, &rows},
                    [x, count, begin, slot = Var(Tensor(), rows.slot())](Context& inner, Tensor& dy) {
                      backward(inner, x, slot, count, begin, dy);
                    });
}

namespace {

const bool listed = list_kernels(put_rows_kernels, timed<&PutRowsKernels::forward>("forward"),
                                 timed<&PutRowsKernels::backward>("backward"), timed<&PutRowsKernels::clear>("clear"));

}  // namespace
}  // namespace eft
