#include "train/loop/stepper.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tensor/device_memory.h"
#include "train/loop/finite.h"
#include "train/optimizers/gradients.h"

namespace eft {
namespace {

/// Dropout's counters of two steps never meet: a step draws fewer than 2^40 blocks.
constexpr int kDropoutBitsOfStep = 40;

}  // namespace

bool StepResult::finite() const { return std::isfinite(loss) && std::isfinite(grad_norm); }

StepResult Stepper::step(std::span<const PackedRow> micro_batches, double learning_rate, std::int64_t step) {
  StepResult result = accumulate(micro_batches, step);
  update(result, learning_rate);
  return result;
}

StepResult Stepper::accumulate(std::span<const PackedRow> micro_batches, std::int64_t step) {
  StepResult result;
  double weight = 0;
  for (const PackedRow& row : micro_batches) {
    result.tokens += static_cast<std::int64_t>(row.tokens.size());
    result.label_tokens += row.label_tokens();
    weight += objective_.weight(row);
  }
  Context ctx{.pool = &pool_,
              .dropout_seed = static_cast<std::uint64_t>(options_.seed),
              .dropout_counter = static_cast<std::uint64_t>(step) << kDropoutBitsOfStep,
              .training = true,
              .recompute = options_.gradient_checkpointing.value_or(false)};
  // A loss is read when the next micro batch has been queued too: a device has work while the host waits.
  Tensor earlier;
  for (const PackedRow& row : micro_batches) {
    const Tensor loss = forward_backward(ctx, row, 1 / std::max(weight, 1.0));
    if (earlier) result.loss += item(earlier);
    earlier = loss;
  }
  if (earlier) result.loss += item(earlier);
  forget_mapped(model_.parameters(), Forget::gathered);
  result.grad_norm = gradient_norm(ctx, model_.parameters());
  objective_.add_metrics(result.extra);
  return result;
}

void Stepper::update(StepResult& result, double learning_rate) {
  if (!result.finite()) {
    result.not_finite = first_not_finite(model_.parameters());
    return discard_gradients(model_.parameters());
  }
  Context ctx{.pool = &pool_};
  optimizer_.step(ctx, learning_rate, clip_factor(result.grad_norm, options_.optimizer.max_grad_norm));
  result.updated = true;
}

Tensor Stepper::forward_backward(Context& ctx, const PackedRow& row, double scale) {
  const auto* memory = memory_of(pool_.device());
  std::optional<Recording> recording;
  if (options_.cuda_graphs && warm_ && memory != nullptr) recording.emplace(memory->recording);
  Tape tape;
  ctx.tape = &tape;
  const Var loss = objective_.loss(ctx, model_, row, scale);
  tape.backward(ctx, loss);
  ctx.tape = nullptr;
  if (recording) recording->run();
  warm_ = true;
  return loss.value();
}

}  // namespace eft
