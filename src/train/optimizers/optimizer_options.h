#pragma once

#include <array>

#include "schema/field.h"

namespace eft {

enum class OptimizerKind { adamw };

/// Axolotl's spellings of one algorithm: AdamW as in torch.optim.AdamW.
constexpr auto enum_names(OptimizerKind) {
  return std::array{EnumName{OptimizerKind::adamw, "adamw_torch_fused"}, EnumName{OptimizerKind::adamw, "adamw_torch"},
                    EnumName{OptimizerKind::adamw, "adamw_hf"}};
}

/// How gradients change parameters.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double weight_decay = 0;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  double max_grad_norm = 1;  ///< 0: do not clip
  /// Whether weights of norms decay too, as with a bare torch optimizer. No key of a run: Transformers' trainer has
  /// none.
  bool decay_norms = false;
};

template <class Visitor>
void describe(Visitor&& field, OptimizerOptions& o) {
  const Bounds share{.min = 0, .max = 1, .below_max = true};
  field({"optimizer", "AdamW under any of Axolotl's names for it."}, o.kind);
  field({"weight_decay", "Decoupled weight decay; weights of norms have none, as with Transformers' trainer."},
        o.weight_decay, Bounds{0});
  field({"adam_beta1", "Decay of the first moment."}, o.adam_beta1, share);
  field({"adam_beta2", "Decay of the second moment."}, o.adam_beta2, share);
  field({"adam_epsilon", "Added to the root of the second moment."}, o.adam_epsilon, Bounds{0});
  field({"max_grad_norm", "Largest norm of the gradient; 0 does not clip."}, o.max_grad_norm, Bounds{0});
}

}  // namespace eft
