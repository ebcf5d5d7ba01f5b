#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/weight_view.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// How a block of logits becomes its losses and its gradient.
struct CrossEntropySoftmax {
  double softcap;  ///< 0: none
  double scale;    ///< factor of the gradient
};

/// Where a run over the vocabulary stands.
struct CrossEntropyChunk {
  double softcap;      ///< 0: none
  std::int64_t first;  ///< its first piece
};

/// The products with the head run through `linear_kernels`. logits: [rows, vocabulary] in the accumulator dtype.
struct CrossEntropyKernels {
  /// Bytes of logits and their gradient that a block best has.
  std::int64_t block_bytes;
  /// The dtype in which the gradient of the logits is multiplied fastest: bf16, or that of the logits.
  DType (*gradient_dtype)(DType hidden, DType weight);
  /// to[i] = from[rows[i]]; one dtype.
  void (*gather)(Stream, ConstView from, std::span<const std::int64_t> rows, View to);
  /// losses[i] = −log softmax(capped logits[i])[targets[i]], in f64, and gradient = scale·∂Σlosses/∂logits, unless
  /// absent. The gradient may lie on the logits; they are used up.
  void (*softmax)(Stream, const CrossEntropySoftmax&, View logits, std::span<const std::int32_t> targets, View gradient,
                  View losses);
  /// The vocabulary chunk by chunk, first the chunk that begins with piece 0; null where `softmax` of whole rows is
  /// better. logits: [rows, pieces], used up; state: f64 [rows, 3], kept from chunk to chunk. exponentials, which may
  /// lie on the logits, get the slope of the cap times exp(logit − largest so far), and zero for the target; sums
  /// [rows, width], Σ exponentials·head over the chunks before, follow a larger largest. Both absent: only losses are
  /// wanted.
  void (*take_chunk)(Stream, const CrossEntropyChunk&, View logits, std::span<const std::int32_t> targets, View state,
                     View exponentials, View sums);
  /// After the last chunk: losses as `softmax` and `weigh` give them; dhidden = their gradient, from sums and the
  /// targets' rows of the head, unless absent. weights: empty: 1 each.
  void (*finish_chunks)(Stream, const CrossEntropySoftmax&, std::span<const std::int32_t> targets,
                        std::span<const float> weights, ConstView state, const WeightView& head, ConstView sums,
                        View dhidden, View losses);
  /// losses[i] and the row gradient[i], unless absent, times weights[i].
  void (*weigh)(Stream, std::span<const float> weights, View gradient, View losses);
  /// gradient[i], a row, times factors[i]. factors: f64.
  void (*scale_rows)(Stream, ConstView factors, View gradient);
  /// loss = scale·Σ losses.
  void (*sum)(Stream, ConstView losses, double scale, View loss);
  /// dlosses[i] = scale·dy, in f64. dy: one element.
  void (*spread)(Stream, ConstView dy, double scale, GradView dlosses);
  /// to[rows[i]] = dlosses[i]/expected·from[i], and zero for the other rows; or to[rows[i]] += … when it accumulates.
  /// rows ascends; dlosses: f64, or absent: `expected` each.
  void (*scatter)(Stream, ConstView from, std::span<const std::int64_t> rows, ConstView dlosses, double expected,
                  GradView to);
};
inline constinit KernelSlot<CrossEntropyKernels> cross_entropy_kernels{"cross_entropy"};

struct TokenLossOptions {
  double softcap = 0;                   ///< logits become softcap·tanh(logits/softcap); 0: as they are
  double expected_gradient = 1;         ///< what each loss will get as its gradient; see below
  const Tensor* gradients = nullptr;    ///< the same one by one, f64 [such tokens], in the place of that
  std::span<const float> weights = {};  ///< of each target's loss; empty: 1 each
  /// Where token_statistics of the same tokens go, f64 [such tokens, kTokenStatistics]; null: nowhere.
  Tensor* statistics = nullptr;
  std::int64_t block_bytes = 0;  ///< of logits and gradient held at a time (at least one row); 0: the device's
};

/// losses[i] = −weights[t]·log softmax(softcap(hidden[t]·weightᵀ))[targets[t]] of the i-th token t with targets[t] ≥ 0,
/// in f64, [such tokens]. hidden: [tokens, width]; weight: [vocabulary, width], possibly of another dtype. Gradients
/// for both. Logits exist for one block at a time, of whole rows where the weight is trained, else possibly of some
/// tokens of the vocabulary, with exponentials relative to the largest logit so far (the online softmax of Milakov and
/// Gimelshein, 2018), so the gradients are computed right here, while recording; without a tape only the losses are.
///
/// They are computed for losses whose gradient is `expected_gradient`. Under a frozen weight the losses may get any
/// other: the rows of hidden's gradient are brought to it. A trained weight's gradient is added to its slot at once, so
/// there every loss must get just that. An objective whose factors depend on the losses then takes two passes: one
/// without a tape, and one with the `gradients` that follow from it, which are taken as they are. Throws InternalError
/// when shapes disagree or a target is outside the vocabulary.
Var token_losses(Context& ctx, const Var& hidden, const Var& weight, std::span<const std::int32_t> targets,
                 TokenLossOptions options = {});

/// loss[0] = scale·Σ losses in `dtype`. losses: f64. Gradient for losses.
Var sum_losses(Context& ctx, const Var& losses, double scale, DType dtype);

struct CrossEntropyOptions {
  double softcap = 0;
  double scale = 1;  ///< one over the number of loss-bearing tokens of the whole batch
  std::span<const float> weights = {};
  std::int64_t block_bytes = 0;
};

/// scale·Σ token_losses, in f32 (f64 for f64). Where the weight is trained it has to be the root of the backward pass
/// (gradient 1).
Var cross_entropy(Context& ctx, const Var& hidden, const Var& weight, std::span<const std::int32_t> targets,
                  CrossEntropyOptions options = {});

}  // namespace eft
