#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "schema/field.h"
#include "train/optimizers/group_options.h"

namespace eft {

enum class OptimizerKind {
  adamw,
  adamw_8bit,
  adamw_torch_8bit,
  optimi_adamw,
  adafactor,
  lion,
  lion_8bit,
  muon,
  came,
  adopt,
  schedule_free_adamw,
  sgd
};

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
                    EnumName{adafactor, "adafactor"},
                    EnumName{lion, "lion_32bit"},
                    EnumName{lion, "paged_lion_32bit"},
                    EnumName{lion_8bit, "lion_8bit"},
                    EnumName{lion_8bit, "paged_lion_8bit"},
                    EnumName{muon, "muon"},
                    EnumName{came, "came_pytorch"},
                    EnumName{adopt, "adopt_adamw"},
                    EnumName{schedule_free_adamw, "schedule_free_adamw"},
                    EnumName{sgd, "sgd"}};
}

/// What some optimizers take beside rate and decay.
struct OptimizerArgs {
  std::optional<double> momentum;
  std::optional<double> dampening;
  std::optional<bool> nesterov;
  std::optional<std::int64_t> ns_steps;
  std::optional<double> clip_threshold;
  std::optional<double> r, weight_lr_power;
};

template <class Visitor>
void describe(Visitor&& field, OptimizerArgs& o) {
  field({"momentum", "sgd, muon: share of the earlier steps in the next one; left out, 0 and 0.95."}, o.momentum,
        Bounds{.min = 0, .max = 1, .below_max = true});
  field({"dampening", "sgd: share of the gradient that does not enter the momentum."}, o.dampening, Bounds{0, 1});
  field({"nesterov",
         "sgd, muon: Nesterov's momentum; left out, false and true. Of sgd it needs momentum, and no "
         "dampening."},
        o.nesterov);
  field({"ns_steps", "muon: Newton-Schulz steps; left out, 5."}, o.ns_steps, Bounds{1, 100});
  field({"clip_threshold", "came_pytorch: largest root mean square of an update; left out, 1."}, o.clip_threshold,
        Bounds{.min = 0, .above_min = true});
  field({"r", "schedule_free_adamw: power of a step's number in its weight in the average; left out, 0."}, o.r,
        Bounds{0});
  field({"weight_lr_power", "schedule_free_adamw: power of the warm-up in it; left out, 2."}, o.weight_lr_power,
        Bounds{0});
}

/// How gradients change parameters.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adamw;
  double weight_decay = 0;
  std::optional<double> adam_beta1, adam_beta2, adam_beta3;  ///< left out: the optimizer's own
  std::optional<double> adam_epsilon, adam_epsilon2;         ///< likewise
  OptimizerArgs args{};
  GroupOptions groups{};
  double max_grad_norm = 1;  ///< 0: do not clip
  /// Steps of warm-up, of an optimizer that warms up by itself. No key of a run: it follows from the schedule's.
  std::int64_t own_warmup = 0;
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
  field({"adam_beta1", "Decay of the first moment; left out, 0.9 (muon: 0.95)."}, o.adam_beta1, share);
  field({"adam_beta2",
         "Decay of the second moment; left out, 0.999 (optimi_adamw: 0.99, muon: 0.95, adopt_adamw: 0.9999). Lion's "
         "moment "
         "decays by it."},
        o.adam_beta2, share);
  field({"adam_beta3", "came_pytorch: decay of the instability; left out, 0.9999."}, o.adam_beta3, share);
  field(
      {"adam_epsilon",
       "Added to the root of the second moment; left out, 1e-8 (optimi_adamw, adopt_adamw: 1e-6). came_pytorch adds it "
       "to squares; left out, 1e-30."},
      o.adam_epsilon, Bounds{0});
  field({"adam_epsilon2", "came_pytorch: added to the squares of the instability; left out, 1e-16."}, o.adam_epsilon2,
        Bounds{0});
  field({"optim_args", "Settings of some optimizers: a mapping, or text like momentum=0.9,nesterov=true."}, o.args);
  describe(field, o.groups);
  field({"max_grad_norm", "Largest norm of the gradient; 0 does not clip."}, o.max_grad_norm, Bounds{0});
}

}  // namespace eft
