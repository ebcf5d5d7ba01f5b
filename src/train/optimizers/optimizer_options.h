#pragma once

#include <array>

#include "schema/field.h"

namespace eft {

enum class OptimizerKind { adamw, sgd };

/// Axolotl's spellings, several of one algorithm.
constexpr auto enum_names(OptimizerKind) {
  return std::array{EnumName{OptimizerKind::adamw, "adamw_torch_fused"}, EnumName{OptimizerKind::adamw, "adamw_torch"},
                    EnumName{OptimizerKind::adamw, "adamw_hf"}, EnumName{OptimizerKind::sgd, "sgd"}};
}

/// What torch.optim.SGD takes beside rate and decay; Transformers' trainer reads it from optim_args too.
struct SgdOptions {
  double momentum = 0;
  double dampening = 0;
  bool nesterov = false;

  bool operator==(const SgdOptions&) const = default;
};

template <class Visitor>
void describe(Visitor&& field, SgdOptions& o) {
  field({"momentum", "Share of the earlier steps in the next one; 0 keeps none."}, o.momentum,
        Bounds{.min = 0, .max = 1, .below_max = true});
  field({"dampening", "Share of the gradient that does not enter the momentum."}, o.dampening, Bounds{0, 1});
  field({"nesterov", "Nesterov's momentum; needs momentum, and no dampening."}, o.nesterov);
}

/// How gradients change parameters.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double weight_decay = 0;
  double adam_beta1 = 0.9;
  double adam_beta2 = 0.999;
  double adam_epsilon = 1e-8;
  SgdOptions sgd{};
  double max_grad_norm = 1;  ///< 0: do not clip
  /// Whether weights of norms decay too, as with a bare torch optimizer. No key of a run: Transformers' trainer has
  /// none.
  bool decay_norms = false;
};

template <class Visitor>
void describe(Visitor&& field, OptimizerOptions& o) {
  const Bounds share{.min = 0, .max = 1, .below_max = true};
  field({"optimizer", "AdamW under any of Axolotl's names for it, or sgd."}, o.kind);
  field(
      {"weight_decay", "Weight decay, decoupled in AdamW; weights of norms have none, as with Transformers' trainer."},
      o.weight_decay, Bounds{0});
  field({"adam_beta1", "Decay of the first moment."}, o.adam_beta1, share);
  field({"adam_beta2", "Decay of the second moment."}, o.adam_beta2, share);
  field({"adam_epsilon", "Added to the root of the second moment."}, o.adam_epsilon, Bounds{0});
  field({"optim_args", "Settings of optimizer: sgd."}, o.sgd);
  field({"max_grad_norm", "Largest norm of the gradient; 0 does not clip."}, o.max_grad_norm, Bounds{0});
}

}  // namespace eft
