#include "ops/gather_rows/gather_rows.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

/// The same view with everything behind the first axis as one.
template <class V>
V as_matrix(V view) {
  const std::int64_t rows = view.shape[0];
  view.shape = Shape{rows, rows == 0 ? 0 : view.shape.elements() / rows};
  return view;
}

}  // namespace

Var gather_rows(Context& ctx, const Var& x, std::span<const std::int32_t> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool ascends = i == 0 ? rows[i] >= 0 : rows[i] > rows[i - 1];
    expect(ascends && rows[i] < x.shape()[0], "rows in range and order");
  }
  std::vector<std::int64_t> extents(x.shape().extents().begin(), x.shape().extents().end());
  extents[0] = static_cast<std::int64_t>(rows.size());
  Tensor y = ctx.output(x.dtype(), Shape(std::span<const std::int64_t>(extents)));
  if (const auto* kernels = gather_rows_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, as_matrix(x.view()), rows, as_matrix(y.view()));
  }
  return ctx.result("gather_rows", y, {&x},
                    [x, held = std::vector(rows.begin(), rows.end())](Context& inner, Tensor& dy) {
                      GradView dx = x.grad_target(*inner.pool);
                      if (const auto* kernels = gather_rows_kernels.find(inner.device())) {
                        dx.view = as_matrix(dx.view);
                        kernels->backward(inner.stream, as_matrix(dy.const_view()), held, dx);
                      }
                    });
}

namespace {

const bool listed =
    list_kernels(gather_rows_kernels,
                 timed<&GatherRowsKernels::forward>(
                     "forward", [](Stream, ConstView, std::span<const std::int32_t>, View y) { return copy_work(y); }),
                 timed<&GatherRowsKernels::backward>("backward"));

}  // namespace
}  // namespace eft
