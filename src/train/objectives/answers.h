#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "models/model.h"
#include "ops/preference_loss/preference_loss.h"
#include "ops/segment_sum/segment_sum.h"
#include "train/objectives/wanted_tokens.h"

namespace eft {

/// What is scored of a packed row of preferences: the tokens that have to be predicted, which are those of the answers,
/// as ranges of the list of their losses.
struct ScoredAnswers {
  WantedTokens wanted;
  std::vector<ElementRange> ranges;  ///< of each sequence's answer, in their order

  std::vector<std::int32_t> sizes() const;
  /// Of all of them.
  std::int64_t tokens() const { return ranges.empty() ? 0 : ranges.back().end; }
};

ScoredAnswers answers_of(const PackedRow& row);

/// The same with the prompts of chosen answers, all but the first token: each is a range of its own in front of its
/// answer's. As ORPO counts.
ScoredAnswers answers_with_prompts_of(const PackedRow& row);

/// Log-probabilities of the answers, [ranges] in f64, without gradients.
Tensor answer_logps(const Context& ctx, const Model& model, const PackedRow& row, const ScoredAnswers& answers);

/// What an objective makes of log-probabilities; asked twice where the output layer is trained. statistics: their
/// sum_statistics where they were asked for.
using LossOfLogps = std::function<PreferenceLoss(Context&, const Var& logps, const Tensor& statistics)>;

/// The loss of a row's answers, recorded on ctx.tape. sum_statistics of the answers are left in `statistics`, unless
/// that is null.
PreferenceLoss loss_of_answers(Context& ctx, const Model& model, const PackedRow& row, const ScoredAnswers& answers,
                               const LossOfLogps& loss, Tensor* statistics);

}  // namespace eft
