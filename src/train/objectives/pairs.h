#pragma once

#include "train/objectives/preference.h"

namespace eft {

/// Learning from pairs of answers: rl: dpo, ipo, simpo, orpo and cpo.
class Pairs final : public PreferenceObjective {
 public:
  /// Without a reference for simpo, orpo and cpo.
  Pairs(const TrainJob& job, std::optional<ReferenceModel> reference);

  Var loss(Context& ctx, const Model& model, const PackedRow& row, double scale) override;

 private:
  std::vector<std::string_view> metric_names() const override;

  Objective kind_;
  PairLossOptions loss_;
};

}  // namespace eft
