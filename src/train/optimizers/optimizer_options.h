#pragma once

#include <array>
#include <optional>

#include "schema/field.h"
#include "train/optimizers/group_options.h"

namespace eft {

enum class OptimizerKind { adamw, adamw_8bit, adamw_torch_8bit, optimi_adamw, sgd };

/// Axolotl's spellings, several of one algorithm: paging is a way to hold memory, fusing a way to compute.
constexpr auto enum_names(OptimizerKind) {
  using enum OptimizerKind;
  return std::array{EnumName{adamw, "adamw_torch_fused"},
                    EnumName{adamw, "adamw_torch"},
                    EnumName{adamw, "adamw_hf"},
                    EnumName{adamw, "paged_adamw_32bit"},
                    EnumName{adamw, "paged_adamw"},
                    EnumName{adamw, "adamw_apex_fused"},
                    EnumName{adamw, "adamw_anyprecision"},
                    EnumName{adamw, "adamw_torch_xla"},
                    EnumName{adamw, "adamw_torch_npu_fused"},
                    EnumName{adamw_8bit, "adamw_bnb_8bit"},
                    EnumName{adamw_8bit, "adamw_8bit"},
                    EnumName{adamw_8bit, "paged_adamw_8bit"},
                    EnumName{adamw_torch_8bit, "adamw_torch_8bit"},
                    EnumName{adamw_torch_8bit, "ao_adamw_8bit"},
                    EnumName{optimi_adamw, "optimi_adamw"},
                    EnumName{sgd, "sgd"}};
}

/// What some optimizers take beside rate and decay.
struct OptimizerArgs {
  std::optional<double> momentum;
  std::optional<double> dampening;
  std::optional<bool> nesterov;
};

template <class Visitor>
void describe(Visitor&& field, OptimizerArgs& o) {
  field({"momentum", "sgd: share of the earlier steps in the next one; left out, none."}, o.momentum,
        Bounds{.min = 0, .max = 1, .below_max = true});
  field({"dampening", "sgd: share of the gradient that does not enter the momentum."}, o.dampening, Bounds{0, 1});
  field({"nesterov", "sgd: Nesterov's momentum; needs momentum, and no dampening."}, o.nesterov);
}

/// How gradients change parameters.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double weight_decay = 0;
  std::optional<double> adam_beta1, adam_beta2, adam_epsilon;  ///< left out: the optimizer's own
  OptimizerArgs args{};
  GroupOptions groups{};
  double max_grad_norm = 1;  ///< 0: do not clip
  /// Whether weights of norms decay too, as with a bare torch optimizer. No key of a run: Transformers' trainer has
  /// none.
  bool decay_norms = false;
};

template <class Visitor>
void describe(Visitor&& field, OptimizerOptions& o) {
  const Bounds share{.min = 0, .max = 1, .below_max = true};
  field({"optimizer",
         "What the gradients do to the weights; docs/optimizers.md says what each computes and how much memory it "
         "takes."},
        o.kind);
  field(
      {"weight_decay", "Weight decay, decoupled in AdamW; weights of norms have none, as with Transformers' trainer."},
      o.weight_decay, Bounds{0});
  field({"adam_beta1", "Decay of the first moment; left out, 0.9."}, o.adam_beta1, share);
  field({"adam_beta2", "Decay of the second moment; left out, 0.999 (optimi_adamw: 0.99)."}, o.adam_beta2, share);
  field({"adam_epsilon", "Added to the root of the second moment; left out, 1e-8 (optimi_adamw: 1e-6)."},
        o.adam_epsilon, Bounds{0});
  field({"optim_args", "Settings of some optimizers: a mapping, or text like momentum=0.9,nesterov=true."}, o.args);
  describe(field, o.groups);
  field({"max_grad_norm", "Largest norm of the gradient; 0 does not clip."}, o.max_grad_norm, Bounds{0});
}

}  // namespace eft
