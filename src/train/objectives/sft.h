#pragma once

#include "train/objectives/objective.h"

namespace eft {

/// Supervised fine-tuning: the mean cross-entropy of the label tokens, each times its weight.
class Sft final : public TrainingObjective {
 public:
  double weight(const PackedRow& row) const override { return static_cast<double>(row.label_tokens()); }
  /// What only tokens without a label need is not computed.
  Var loss(Context& ctx, const Model& model, const PackedRow& row, double scale) override;
};

}  // namespace eft
