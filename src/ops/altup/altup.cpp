#include "ops/altup/altup.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

void check(std::span<const Var> streams, const Var& coefficients, std::size_t per_token) {
  expect(!streams.empty() && streams.size() <= kMaxStreams, "one to eight streams");
  for (const Var& stream : streams) {
    expect(stream.shape() == streams[0].shape() && stream.dtype() == streams[0].dtype(), "streams of one shape");
  }
  expect(coefficients.shape() == Shape{streams[0].shape()[0], static_cast<std::int64_t>(per_token)},
         "coefficients for every token");
}

std::vector<ConstView> views_of(std::span<const Var> vars) {
  std::vector<ConstView> views;
  for (const Var& var : vars) views.push_back(var.view());
  return views;
}

std::vector<ConstView> views_of(std::span<const Tensor> tensors) {
  std::vector<ConstView> views;
  for (const Tensor& tensor : tensors) views.push_back(tensor ? tensor.view() : ConstView{});
  return views;
}

std::vector<GradView> targets_of(std::span<const Var> vars, Pool& pool) {
  std::vector<GradView> targets;
  for (const Var& var : vars) targets.push_back(var.grad_target(pool));
  return targets;
}

/// Outputs like `streams`, with slots when the op is recorded.
std::vector<Var> make_outputs(Context& ctx, std::span<const Var> streams, bool records, std::vector<View>& views) {
  std::vector<Var> outputs;
  for (const Var& stream : streams) {
    Tensor value = ctx.output(stream.dtype(), stream.shape());
    views.push_back(value.view());
    outputs.push_back(records ? Var::leaf(std::move(value)) : Var(std::move(value)));
  }
  return outputs;
}

std::vector<std::shared_ptr<GradSlot>> slots_of(std::span<const Var> vars) {
  std::vector<std::shared_ptr<GradSlot>> slots;
  for (const Var& var : vars) slots.push_back(var.slot());
  return slots;
}

bool any_wants_grad(Context& ctx, std::span<const Var> streams, std::initializer_list<const Var*> others) {
  if (ctx.records(others)) return true;
  for (const Var& stream : streams) {
    if (ctx.records({&stream})) return true;
  }
  return false;
}

}  // namespace

std::vector<Var> altup_predict(Context& ctx, std::span<const Var> streams, const Var& coefficients) {
  check(streams, coefficients, streams.size() * streams.size());
  const bool records = any_wants_grad(ctx, streams, {&coefficients});
  std::vector<View> views;
  std::vector<Var> predictions = make_outputs(ctx, streams, records, views);
  if (const auto* kernels = altup_kernels.find(ctx.device())) {
    kernels->predict(ctx.stream, views_of(streams), coefficients.view(), views);
  }
  if (!records) return predictions;
  ctx.tape->record("altup_predict", slots_of(predictions),
                   [inputs = std::vector<Var>(streams.begin(), streams.end()), coefficients](Context& inner,
                                                                                             std::span<Tensor> grads) {
                     const std::vector<GradView> targets = targets_of(inputs, *inner.pool);
                     const GradView dcoefficients = coefficients.grad_target(*inner.pool);
                     if (const auto* kernels = altup_kernels.find(inner.device())) {
                       kernels->predict_backward(inner.stream, views_of(inputs), coefficients.view(),
                                                 views_of(std::span<const Tensor>(grads)), targets, dcoefficients);
                     }
                   });
  return predictions;
}

std::vector<Var> altup_correct(Context& ctx, std::span<const Var> predictions, const Var& activated,
                               const Var& coefficients) {
  check(predictions, coefficients, predictions.size());
  expect(activated.shape() == predictions[0].shape(), "an activated stream like the others");
  const bool records = any_wants_grad(ctx, predictions, {&activated, &coefficients});
  std::vector<View> views;
  std::vector<Var> corrected = make_outputs(ctx, predictions, records, views);
  if (const auto* kernels = altup_kernels.find(ctx.device())) {
    kernels->correct(ctx.stream, views_of(predictions), activated.view(), coefficients.view(), views);
  }
  if (!records) return corrected;
  // Of the predictions only the first is read again; the others are kept for their slots alone.
  std::vector<Var> inputs{predictions[0]};
  for (const Var& other : predictions.subspan(1)) inputs.emplace_back(Tensor(), other.slot());
  ctx.tape->record(
      "altup_correct", slots_of(corrected), [inputs, activated, coefficients](Context& inner, std::span<Tensor> grads) {
        const std::vector<GradView> targets = targets_of(inputs, *inner.pool);
        const GradView dactivated = activated.grad_target(*inner.pool);
        const GradView dcoefficients = coefficients.grad_target(*inner.pool);
        if (const auto* kernels = altup_kernels.find(inner.device())) {
          kernels->correct_backward(inner.stream, inputs[0].view(), activated.view(), coefficients.view(),
                                    views_of(std::span<const Tensor>(grads)), targets, dactivated, dcoefficients);
        }
      });
  return corrected;
}

namespace {

const bool listed = list_kernels(
    altup_kernels, timed<&AltupKernels::predict>("predict"), timed<&AltupKernels::predict_backward>("predict_backward"),
    timed<&AltupKernels::correct>("correct"), timed<&AltupKernels::correct_backward>("correct_backward"));

}  // namespace
}  // namespace eft
