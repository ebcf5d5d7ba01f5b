#pragma once

#include <array>
#include <optional>
#include <vector>

#include "ops/preference_loss/preference_terms.h"
#include "schema/field.h"

namespace eft {

/// What dpo_loss_type may list, as TRL spells it.
constexpr auto enum_names(PairLoss) {
  return std::array{EnumName{PairLoss::sigmoid, "sigmoid"},
                    EnumName{PairLoss::hinge, "hinge"},
                    EnumName{PairLoss::ipo, "ipo"},
                    EnumName{PairLoss::exo_pair, "exo_pair"},
                    EnumName{PairLoss::nca_pair, "nca_pair"},
                    EnumName{PairLoss::robust, "robust"},
                    EnumName{PairLoss::bco_pair, "bco_pair"},
                    EnumName{PairLoss::sppo_hard, "sppo_hard"},
                    EnumName{PairLoss::aot, "aot"},
                    EnumName{PairLoss::aot_unpaired, "aot_unpaired"},
                    EnumName{PairLoss::apo_zero, "apo_zero"},
                    EnumName{PairLoss::apo_down, "apo_down"},
                    EnumName{PairLoss::discopop, "discopop"},
                    EnumName{PairLoss::sft, "sft"},
                    EnumName{PairLoss::sigmoid_norm, "sigmoid_norm"}};
}

/// Losses of rl: cpo.
enum class CpoLoss { sigmoid, hinge, ipo, simpo };

constexpr auto enum_names(CpoLoss) {
  return std::array{EnumName{CpoLoss::sigmoid, "sigmoid"}, EnumName{CpoLoss::hinge, "hinge"},
                    EnumName{CpoLoss::ipo, "ipo"}, EnumName{CpoLoss::simpo, "simpo"}};
}

/// How preferences are learnt; which keys an objective has is a rule.
struct PreferenceOptions {
  std::optional<double> rl_beta, dpo_beta, orpo_alpha;
  std::vector<PairLoss> dpo_loss_type;   ///< empty: sigmoid
  std::vector<double> dpo_loss_weights;  ///< empty: 1 each
  std::optional<double> dpo_label_smoothing;
  bool dpo_use_weighting = false;
  bool precompute_ref_log_probs = false;
  std::optional<double> kto_desirable_weight, kto_undesirable_weight;  ///< left out or 0: 1
  std::optional<double> simpo_gamma;                                   ///< left out: 0.5
  std::optional<double> cpo_alpha;                                     ///< left out: 1
  std::optional<CpoLoss> cpo_loss_type;                                ///< left out: sigmoid
  std::optional<double> cpo_label_smoothing;

  /// As Axolotl chooses it, whatever the objective.
  double beta() const { return rl_beta ? *rl_beta : dpo_beta ? *dpo_beta : orpo_alpha.value_or(0.1); }
};

template <class Visitor>
void describe(Visitor&& field, PreferenceOptions& o) {
  const Bounds positive{.min = 0, .above_min = true};
  const Bounds share{.min = 0, .max = 1, .below_max = true};
  field({"rl_beta", "With rl: how near to the reference; left out, orpo_alpha or 0.1."}, o.rl_beta, positive);
  field({"dpo_beta", "The old spelling of rl_beta, which goes before it."}, o.dpo_beta, positive);
  field({"orpo_alpha", "With rl: orpo: share of the odds ratio in the loss; rl_beta goes before it."}, o.orpo_alpha,
        positive);
  field({"dpo_loss_type", "With rl: dpo: losses of a pair, whose sum is minimised; left out, [sigmoid]."},
        o.dpo_loss_type);
  field({"dpo_loss_weights", "Weight of each of them; left out, 1 each."}, o.dpo_loss_weights, Bounds{0});
  field({"dpo_label_smoothing",
         "Share of pairs that may be labelled the wrong way round; robust, exo_pair, aot and "
         "aot_unpaired read it."},
        o.dpo_label_smoothing, share);
  field({"dpo_use_weighting", "With rl: dpo: weigh each pair by how likely the model is to give such answers (WPO)."},
        o.dpo_use_weighting);
  field({"precompute_ref_log_probs",
         "Compute the reference's log-probabilities of all rows before the first step, and close its model."},
        o.precompute_ref_log_probs);
  field({"kto_desirable_weight", "With rl: kto: weight of the good answers; left out or 0, 1."}, o.kto_desirable_weight,
        Bounds{0});
  field({"kto_undesirable_weight", "With rl: kto: weight of the bad answers; left out or 0, 1."},
        o.kto_undesirable_weight, Bounds{0});
  field({"simpo_gamma", "With rl: simpo: margin that the rewards of a pair are to have; left out, 0.5."}, o.simpo_gamma,
        Bounds{0});
  field(
      {"cpo_alpha",
       "With rl: simpo or cpo: weight of the mean cross-entropy of the chosen answers; left out, 1; 0 is the SimPO of "
       "the paper."},
      o.cpo_alpha, Bounds{0});
  field({"cpo_loss_type", "With rl: cpo: loss of a pair; left out, sigmoid."}, o.cpo_loss_type);
  field({"cpo_label_smoothing", "With rl: cpo: share of pairs that may be labelled the wrong way round."},
        o.cpo_label_smoothing, share);
}

}  // namespace eft
