#pragma once

#include <cstdint>
#include <span>

#include "autograd/tape.h"
#include "ops/preference_loss/preference_terms.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// All tensors are f64. loss: [1], times scale; gradient: of that loss for logps.
struct PreferenceLossKernels {
  /// logps, counts, gradient: [pairs, 2], chosen and rejected, or [pairs, 3], in front of them the chosen one's prompt.
  /// reference: [pairs, 2], or absent: zeros. statistics: sums over the tokens of each of logps, by TokenStatistic, or
  /// absent: pairs weigh 1 each. metrics: [kPairMetrics]; scratch: [pairs].
  void (*pairs)(Stream, const PairLossOptions&, double scale, ConstView logps, ConstView reference,
                ConstView statistics, std::span<const std::int32_t> counts, View loss, View gradient, View metrics,
                View scratch);
  /// All [answers]; shifted: log-probabilities of answers to other prompts. good: 1 or 0. metrics: [kAnswerMetrics].
  void (*answers)(Stream, const AnswerLossOptions&, double scale, ConstView logps, ConstView reference,
                  ConstView shifted, ConstView shifted_reference, std::span<const std::int32_t> good, View loss,
                  View gradient, View metrics);
  /// dlogps (+)= dy·gradient. dy: one element.
  void (*spread)(Stream, ConstView dy, ConstView gradient, GradView dlogps);
};
inline constinit KernelSlot<PreferenceLossKernels> preference_loss_kernels{"preference_loss"};

/// What a micro batch of preferences gives. All in f64, on the device: nothing of it has been read.
struct PreferenceLoss {
  Var loss;         ///< [1], times scale
  Tensor gradient;  ///< of it, for the log-probabilities
  Tensor metrics;   ///< by PairMetric or AnswerMetric, not scaled
};

/// What pair_loss compares log-probabilities with.
struct PairContext {
  Tensor reference;                      ///< [pairs, 2] of a frozen model, in a list of f64; absent: zeros
  Tensor statistics;                     ///< sum_statistics of logps, to weigh each pair by its likelihood; absent: 1
  std::span<const std::int32_t> counts;  ///< tokens of each of logps
  std::int64_t pairs = 0;
};

/// Σ weights·losses of pairs, times scale. logps: log-probabilities [pairs, 2 or 3], in a list of f64. Gradient for
/// logps.
PreferenceLoss pair_loss(Context& ctx, const Var& logps, const PairContext& of, const PairLossOptions& options,
                         double scale);

/// Log-probabilities of answers, of a policy and of its reference; lists of f64.
struct AnswerLogps {
  Tensor reference;
  Tensor shifted, shifted_reference;  ///< of other prompts' answers behind the same prompts
};

/// The mean of KTO's loss over answers, times scale. good: 1 or 0 of each. Gradient for logps.
PreferenceLoss answer_loss(Context& ctx, const Var& logps, const AnswerLogps& others,
                           std::span<const std::int32_t> good, const AnswerLossOptions& options, double scale);

}  // namespace eft
