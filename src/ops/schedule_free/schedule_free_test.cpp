#include "ops/schedule_free/schedule_free.h"

#include "ops/support/op_case.h"

namespace eft {
namespace {

/// Two updates of several parameters at once, one of which is longer than a device's chunk, one empty, one bounded and
/// one whose values are in bf16; then the values anew.
std::vector<Var> update_list(Context& ctx, std::span<const Var> in) {
  std::vector<Var> results;
  std::vector<ScheduleFreeTensors> parameters;
  std::vector<Tensor> values;
  const DType dtype = accumulator_of(in[0].dtype());
  for (const Var& value : in) {
    std::vector<Tensor> tensors;
    for (int i = 0; i < 4; ++i) {
      tensors.push_back(ctx.output(dtype, value.shape()));
      i < 3 ? convert(value.value(), tensors.back()) : zero(tensors.back());
    }
    const bool narrow = value.shape() == Shape{64} && dtype != DType::f64;
    Tensor y = ctx.output(narrow ? DType::bf16 : dtype, value.shape());
    convert(value.value(), y);
    values.push_back(y);
    parameters.push_back({.gradient = tensors[0].view(),
                          .average = tensors[1].view(),
                          .base = tensors[2].view(),
                          .second = tensors[3].view(),
                          .value = y.view(),
                          .learning_rate = 0.1,
                          .weight_decay = 0.01});
    for (const Tensor& tensor : tensors) results.emplace_back(tensor);
    if (value.shape() != Shape{64}) results.emplace_back(y);
  }
  parameters[1].clip = 0.5;
  if (const auto* kernels = schedule_free_kernels.find(ctx.device())) {
    for (std::int64_t step = 1; step <= 2; ++step) {
      kernels->update(ctx.stream, {0.9, 0.99, 1e-3, step, 0.75, 0.5}, parameters);
    }
    kernels->show(ctx.stream, 0.5, parameters);
  }
  return results;
}

const bool whole_list = add_op_case({.name = "schedule_free/whole_list",
                                     .slot = "schedule_free",
                                     .inputs = {{.shape = {16387}, .wants_grad = false},
                                                {.shape = {5, 7}, .wants_grad = false},
                                                {.shape = {0}, .wants_grad = false},
                                                {.shape = {1}, .wants_grad = false},
                                                {.shape = {64}, .wants_grad = false}},
                                     .run = update_list});

}  // namespace
}  // namespace eft
