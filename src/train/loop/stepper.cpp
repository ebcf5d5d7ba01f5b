#include "train/loop/stepper.h"

#include <algorithm>
#include <cmath>

#include "tensor/device_memory.h"
#include "train/loop/finite.h"
#include "train/loop/wanted_tokens.h"
#include "train/optimizers/gradients.h"

namespace eft {
namespace {

/// Dropout's counters of two steps never meet: a step draws fewer than 2^40 blocks.
constexpr int kDropoutBitsOfStep = 40;

double one_over(std::int64_t count) { return 1.0 / static_cast<double>(std::max<std::int64_t>(count, 1)); }

/// The loss of a row; what only tokens without a target need is not computed.
Var loss_of(Context& ctx, const Model& model, const PackedRow& row, double scale) {
  const WantedTokens wanted = wanted_tokens(row);
  ModelInput input = input_of(row);
  input.wanted = wanted.rows;
  return model.loss(ctx, model.hidden(ctx, input, nullptr), wanted.targets, scale, wanted.weights);
}

}  // namespace

ModelInput input_of(const PackedRow& row) { return {row.tokens, row.positions, row.starts}; }

StepResult Stepper::step(std::span<const PackedRow> micro_batches, double learning_rate, std::int64_t step) {
  StepResult result;
  for (const PackedRow& row : micro_batches) {
    result.tokens += static_cast<std::int64_t>(row.tokens.size());
    result.label_tokens += row.label_tokens();
  }
  Context ctx{.pool = &pool_,
              .dropout_seed = static_cast<std::uint64_t>(options_.seed),
              .dropout_counter = static_cast<std::uint64_t>(step) << kDropoutBitsOfStep,
              .training = true,
              .recompute = options_.gradient_checkpointing.value_or(false)};
  // A loss is read when the next micro batch has been queued too: a device has work while the host waits.
  Tensor earlier;
  for (const PackedRow& row : micro_batches) {
    const Tensor loss = forward_backward(ctx, row, one_over(result.label_tokens));
    if (earlier) result.loss += item(earlier);
    earlier = loss;
  }
  if (earlier) result.loss += item(earlier);
  forget_mapped(model_.parameters(), Forget::gathered);
  result.grad_norm = gradient_norm(ctx, model_.parameters());
  if (!std::isfinite(result.loss) || !std::isfinite(result.grad_norm)) {
    result.not_finite = first_not_finite(model_.parameters());
    discard_gradients(model_.parameters());
    return result;
  }
  optimizer_.step(ctx, learning_rate, clip_factor(result.grad_norm, options_.optimizer.max_grad_norm));
  result.updated = true;
  return result;
}

Tensor Stepper::forward_backward(Context& ctx, const PackedRow& row, double scale) {
  const auto* memory = memory_of(pool_.device());
  std::optional<Recording> recording;
  if (options_.cuda_graphs && warm_ && memory != nullptr) recording.emplace(memory->recording);
  Tape tape;
  ctx.tape = &tape;
  const Var loss = loss_of(ctx, model_, row, scale);
  tape.backward(ctx, loss);
  ctx.tape = nullptr;
  if (recording) recording->run();
  warm_ = true;
  return loss.value();
}

std::optional<Evaluation> evaluate(const Model& model, Pool& pool, Loader loader, const std::function<bool()>& stop) {
  loader.seek({});
  Evaluation evaluation;
  double sum = 0;
  const std::int64_t batches = loader.batches_per_epoch();
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    if (stop && stop()) return std::nullopt;
    const PackedRow row = loader.next();
    Context ctx{.pool = &pool};
    const std::int64_t labels = row.label_tokens();
    sum += item(loss_of(ctx, model, row, one_over(labels)).value()) * static_cast<double>(labels);
    evaluation.tokens += static_cast<std::int64_t>(row.tokens.size());
    evaluation.label_tokens += labels;
  }
  evaluation.loss = sum * one_over(evaluation.label_tokens);
  return evaluation;
}

}  // namespace eft
