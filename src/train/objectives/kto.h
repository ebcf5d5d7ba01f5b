#pragma once

#include "train/objectives/preference.h"

namespace eft {

/// Learning from answers that are good or bad: rl: kto. How far the policy is from the reference is measured on the
/// prompts of a micro batch with the answers that belong to the prompts before them.
class Kto final : public PreferenceObjective {
 public:
  Kto(const TrainJob& job, std::optional<ReferenceModel> reference);

  Var loss(Context& ctx, const Model& model, const PackedRow& row, double scale) override;
  std::vector<std::string> notes(const Examples& rows) const override;

 private:
  std::vector<std::string_view> metric_names() const override;
  std::vector<PackedRow> compared_rows(const PackedRow& row) const override;

  AnswerLossOptions loss_;
};

/// The prompts of a row, each with the answer to the prompt before it (the first with the last one's), cut to
/// `longest` tokens.
PackedRow with_shifted_answers(const PackedRow& row, std::int64_t longest);

/// What to say when the good or the bad answers weigh more by far: a range for one of the weights. Empty: nothing.
std::string weights_hint(std::int64_t good, std::int64_t bad, const AnswerLossOptions& options);

/// The weights of rl: kto.
AnswerLossOptions answer_loss_options(const PreferenceOptions& options);

}  // namespace eft
