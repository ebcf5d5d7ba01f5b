#include "ops/factored/factored.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// All that a step of Adafactor or CAME does with a moment, twice.
std::vector<Var> move_twice(Context& ctx, std::span<const Var> in) {
  std::vector<Var> results;
  const DType dtype = accumulator_of(in[0].dtype());
  for (const Var& value : in) {
    const FactoredShape shape(value.shape());
    Tensor x = ctx.output(dtype, value.shape()), u = ctx.output(dtype, value.shape());
    Tensor mean = ctx.output(dtype, value.shape());
    Tensor rows = ctx.output(dtype, {shape.matrices, shape.rows});
    Tensor columns = ctx.output(dtype, {shape.matrices, shape.columns});
    convert(value.value(), x);
    for (Tensor* tensor : {&rows, &columns, &mean, &u}) zero(*tensor);
    if (const auto* kernels = factored_kernels.find(ctx.device())) {
      for (const double beta : {0.0, 0.75}) {
        kernels->add(ctx.stream, {.beta = beta, .epsilon = 1e-3, .scale = 0.5}, x.view(), mean.view(), rows.view(),
                     columns.view());
        kernels->precondition(ctx.stream, x.view(), 0.5, rows.view(), columns.view(), u.view());
        kernels->clip(ctx.stream, u.view(), 0.5);
        kernels->average(ctx.stream, 0.75, u.view(), mean.view());
      }
    }
    results.insert(results.end(), {Var(rows), Var(columns), Var(u), Var(mean)});
  }
  return results;
}

const bool matrices = add_op_case({.name = "factored/matrices",
                                   .slot = "factored",
                                   .inputs = {{.shape = {131, 37}, .wants_grad = false},
                                              {.shape = {3, 5, 7}, .wants_grad = false},
                                              {.shape = {9}, .wants_grad = false},
                                              {.shape = {1, 1}, .wants_grad = false}},
                                   .run = move_twice});

}  // namespace
}  // namespace eft
