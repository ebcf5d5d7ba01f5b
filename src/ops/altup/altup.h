#pragma once

#include <span>
#include <vector>

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// Upper bound on the residual streams of AltUp.
inline constexpr std::size_t kMaxStreams = 8;

/// n streams [tokens, hidden]; coefficients [tokens, n·n] (predict) or [tokens, n] (correct). A gradient that nobody
/// sent is an absent view, and counts as zero.
struct AltupKernels {
  void (*predict)(Stream, std::span<const ConstView> streams, ConstView coefficients,
                  std::span<const View> predictions);
  void (*predict_backward)(Stream, std::span<const ConstView> streams, ConstView coefficients,
                           std::span<const ConstView> dpredictions, std::span<const GradView> dstreams,
                           GradView dcoefficients);
  void (*correct)(Stream, std::span<const ConstView> predictions, ConstView activated, ConstView coefficients,
                  std::span<const View> corrected);
  void (*correct_backward)(Stream, ConstView prediction, ConstView activated, ConstView coefficients,
                           std::span<const ConstView> dcorrected, std::span<const GradView> dpredictions,
                           GradView dactivated, GradView dcoefficients);
};
inline constinit KernelSlot<AltupKernels> altup_kernels{"altup"};

/// AltUp's prediction of every residual stream from all of them: prediction_i = h_i + Σ_j C[t, i·n + j]·h_j.
/// streams: n of [tokens, hidden]; coefficients: [tokens, n·n]. Gradients for all. Throws InternalError for other
/// shapes. Source: architecture.md of the models, A.1.2 and D.1.
std::vector<Var> altup_predict(Context& ctx, std::span<const Var> streams, const Var& coefficients);

/// AltUp's correction by what the layer made of stream 0: corrected_i = prediction_i + (1 + K[t, i])·(activated −
/// prediction_0). activated: [tokens, hidden]; coefficients: [tokens, n]. Gradients for all. Source: as above.
std::vector<Var> altup_correct(Context& ctx, std::span<const Var> predictions, const Var& activated,
                               const Var& coefficients);

}  // namespace eft
