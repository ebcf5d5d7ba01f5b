#include "ops/sparse_linear/sparse_linear.h"

#include "ops/linear/linear.h"
#include "ops/support/kernel_list.h"
#include "ops/support/matrix.h"

namespace eft {
namespace {

using Kernel = void (*SparseLinearKernels::*)(Stream, ConstView, ConstView, const WeightView&, bool, GradView);

void multiply(const Context& ctx, Kernel kernel, ConstView pattern, ConstView a, const WeightView& weight,
              bool transposed, GradView c) {
  const auto* kernels = sparse_linear_kernels.find(ctx.device());
  if (kernels != nullptr && c)
    (kernels->*kernel)(ctx.stream, matrix(pattern), matrix(a), weight, transposed, matrix(c));
}

void add_weight_gradient(Context& ctx, const Weight& weight, ConstView dy, ConstView x) {
  const GradView dweight = weight.grad_target(*ctx.pool);
  const auto* kernels = linear_kernels.find(ctx.device());
  if (dweight && kernels != nullptr) kernels->backward_weight(ctx.stream, matrix(dy), matrix(x), dweight);
}

Shape of_columns(const Var& x, std::int64_t columns) { return {x.shape().rows(), columns}; }

}  // namespace

bool gains_from_zeros(const Context& ctx, double sparsity) {
  const auto* kernels = sparse_linear_kernels.peek(ctx.pool->imitated());
  return kernels != nullptr && sparsity >= kernels->least_sparsity;
}

Var linear_to_pattern(Context& ctx, const Var& x, const Weight& weight, const Var& pattern) {
  expect(x.shape().rank() == 2 && x.shape()[1] == weight.shape()[1], "linear's input as wide as its weight");
  Tensor y = ctx.output(x.dtype(), of_columns(x, weight.shape()[0]));
  expect(pattern.shape() == y.shape(), "a pattern of the result");
  multiply(ctx, &SparseLinearKernels::to_pattern, pattern.view(), x.view(), weight.view(), true, {y.view(), false});
  return ctx.result("linear_to_pattern", y, {&x, &weight.var()}, [=](Context& inner, Tensor& dy) {
    if (const auto* kernels = sparse_linear_kernels.find(inner.device())) {
      kernels->clear(inner.stream, matrix(pattern.view()), matrix(dy.view()));
    }
    multiply(inner, &SparseLinearKernels::from_pattern, pattern.view(), dy.const_view(), weight.view(), false,
             x.grad_target(*inner.pool));
    add_weight_gradient(inner, weight, dy.const_view(), x.view());
  });
}

Var linear_from_pattern(Context& ctx, const Var& x, const Weight& weight, const Var& pattern) {
  expect(x.shape().rank() == 2 && x.shape()[1] == weight.shape()[1], "linear's input as wide as its weight");
  expect(pattern.shape() == x.shape(), "a pattern of the input");
  Tensor y = ctx.output(x.dtype(), of_columns(x, weight.shape()[0]));
  multiply(ctx, &SparseLinearKernels::from_pattern, pattern.view(), x.view(), weight.view(), true, {y.view(), false});
  return ctx.result("linear_from_pattern", y, {&x, &weight.var()}, [=](Context& inner, Tensor& dy) {
    multiply(inner, &SparseLinearKernels::to_pattern, pattern.view(), dy.const_view(), weight.view(), false,
             x.grad_target(*inner.pool));
    add_weight_gradient(inner, weight, dy.const_view(), x.view());
  });
}

namespace {

/// A multiplication and an addition for each element of the pattern that is not zero (on devices, whose kernels gain
/// nothing from zeros, for each element) with each of `per_element` others.
KernelWork pattern_work(const ConstView& pattern, std::int64_t per_element, bool bf16) {
  double elements = timing.device == Device::cpu ? 0 : static_cast<double>(pattern.shape.elements());
  if (timing.device == Device::cpu) {
    dispatch(pattern.dtype, [&](auto tag) {
      using T = decltype(tag);
      const T* const values = pattern.as<T>();
      for (std::int64_t i = 0; i < pattern.shape.elements(); ++i) {
        if (static_cast<Accumulator<T>>(values[i]) != 0) ++elements;
      }
    });
  }
  return {.flops = 2 * elements * static_cast<double>(per_element), .bf16 = bf16};
}

const bool listed = list_kernels(
    sparse_linear_kernels, untimed<&SparseLinearKernels::least_sparsity>,
    timed<&SparseLinearKernels::from_pattern>(
        "from_pattern", [](Stream, ConstView pattern, ConstView a, const WeightView& b, bool,
                           GradView c) { return pattern_work(pattern, c.view.shape[1], both_bf16(a.dtype, b.dtype)); }),
    timed<&SparseLinearKernels::to_pattern>(
        "to_pattern", [](Stream, ConstView pattern, ConstView a, const WeightView& b, bool,
                         GradView) { return pattern_work(pattern, a.shape[1], both_bf16(a.dtype, b.dtype)); }),
    timed<&SparseLinearKernels::clear>("clear"));

}  // namespace
}  // namespace eft
