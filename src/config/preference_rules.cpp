#include "config/preference_rules.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/error.h"

namespace eft {
namespace {

bool learns(const RunConfig& config, std::initializer_list<Objective> any) {
  return config.data.rl && std::ranges::find(any, *config.data.rl) != any.end();
}

bool has_loss(const PreferenceOptions& options, std::initializer_list<PairLoss> any) {
  return std::ranges::any_of(options.dpo_loss_type,
                             [&](PairLoss loss) { return std::ranges::find(any, loss) != any.end(); });
}

/// A key that only some objectives read.
struct OwnedKey {
  const char* key;
  const char* owners;  ///< for the message
  bool (*owned)(const RunConfig&);
  bool (*set)(const PreferenceOptions&);
};

bool any_objective(const RunConfig& c) { return c.data.rl.has_value(); }
bool dpo(const RunConfig& c) { return learns(c, {Objective::dpo}); }
bool kto(const RunConfig& c) { return learns(c, {Objective::kto}); }
bool cpo(const RunConfig& c) { return learns(c, {Objective::cpo}); }
bool simpo_or_cpo(const RunConfig& c) { return learns(c, {Objective::simpo, Objective::cpo}); }
bool with_reference(const RunConfig& c) { return learns(c, {Objective::dpo, Objective::ipo, Objective::kto}); }

using Options = const PreferenceOptions&;

constexpr std::array kOwnedKeys = {
    OwnedKey{"rl_beta", "rl", any_objective, [](Options o) { return o.rl_beta.has_value(); }},
    OwnedKey{"dpo_beta", "rl", any_objective, [](Options o) { return o.dpo_beta.has_value(); }},
    OwnedKey{"orpo_alpha", "rl", any_objective, [](Options o) { return o.orpo_alpha.has_value(); }},
    OwnedKey{"dpo_loss_type", "rl: dpo", dpo, [](Options o) { return !o.dpo_loss_type.empty(); }},
    OwnedKey{"dpo_loss_weights", "rl: dpo", dpo, [](Options o) { return !o.dpo_loss_weights.empty(); }},
    OwnedKey{"dpo_label_smoothing", "rl: dpo", dpo, [](Options o) { return o.dpo_label_smoothing.has_value(); }},
    OwnedKey{"dpo_use_weighting", "rl: dpo", dpo, [](Options o) { return o.dpo_use_weighting; }},
    OwnedKey{"precompute_ref_log_probs", "rl: dpo, ipo or kto", with_reference,
             [](Options o) { return o.precompute_ref_log_probs; }},
    OwnedKey{"kto_desirable_weight", "rl: kto", kto, [](Options o) { return o.kto_desirable_weight.has_value(); }},
    OwnedKey{"kto_undesirable_weight", "rl: kto", kto, [](Options o) { return o.kto_undesirable_weight.has_value(); }},
    OwnedKey{"simpo_gamma", "rl: simpo or cpo", simpo_or_cpo, [](Options o) { return o.simpo_gamma.has_value(); }},
    OwnedKey{"cpo_alpha", "rl: simpo or cpo", simpo_or_cpo, [](Options o) { return o.cpo_alpha.has_value(); }},
    OwnedKey{"cpo_loss_type", "rl: cpo", cpo, [](Options o) { return o.cpo_loss_type.has_value(); }},
    OwnedKey{"cpo_label_smoothing", "rl: cpo", cpo, [](Options o) { return o.cpo_label_smoothing.has_value(); }},
};

void add_loss_rules(Options options, std::vector<BrokenRule>& broken) {
  const std::size_t losses = std::max<std::size_t>(options.dpo_loss_type.size(), 1);
  if (!options.dpo_loss_weights.empty() && options.dpo_loss_weights.size() != losses) {
    broken.push_back({"dpo_loss_weights", fmt::format("{} weights for {} losses of dpo_loss_type; give each one",
                                                      options.dpo_loss_weights.size(), losses)});
  }
  if (options.dpo_use_weighting && has_loss(options, {PairLoss::aot, PairLoss::aot_unpaired})) {
    broken.push_back(
        {"dpo_use_weighting", "does not go with dpo_loss_type: aot or aot_unpaired, as with TRL; remove one"});
  }
  const double smoothing = options.dpo_label_smoothing.value_or(0);
  if (has_loss(options, {PairLoss::exo_pair}) && smoothing == 0) {
    broken.push_back(
        {"dpo_label_smoothing", "0, but dpo_loss_type: exo_pair takes its logarithm; set it, to 0.001 for one"});
  }
  if (has_loss(options, {PairLoss::robust}) && smoothing >= 0.5) {
    broken.push_back({"dpo_label_smoothing", "0.5 or more, where dpo_loss_type: robust learns nothing; lower it"});
  }
}

}  // namespace

void add_preference_rules(const RunConfig& config, std::vector<BrokenRule>& broken) {
  const PreferenceOptions& options = config.train.preference;
  for (const OwnedKey& key : kOwnedKeys) {
    if (!key.set(options) || key.owned(config)) continue;
    broken.push_back({key.key, fmt::format("set without {}; add that or remove it", key.owners)});
  }
  if (dpo(config)) add_loss_rules(options, broken);
  if (!config.data.rl) return;
  if (!config.data.pretraining_dataset.empty()) {
    broken.push_back({"rl", "does not go with pretraining_dataset; use datasets of preferences"});
  }
  if (!kto(config)) return;
  if (config.train.micro_batch_size == 1 && !config.data.sample_packing) {
    broken.push_back(
        {"micro_batch_size", "1, where rl: kto pairs each prompt with the answer to another; set 2 or more"});
  }
  if (config.data.group_by_length) {
    broken.push_back(
        {"group_by_length", "does not go with rl: kto, whose answers are paired in their order; remove it"});
  }
}

void add_preference_notes(const RunConfig& config, Notes& notes) {
  if (!config.data.rl) return;
  const PreferenceOptions& options = config.train.preference;
  const bool smooths = has_loss(options, {PairLoss::robust, PairLoss::exo_pair, PairLoss::aot, PairLoss::aot_unpaired});
  if (options.dpo_label_smoothing.value_or(0) > 0 && !smooths) {
    notes.push_back(
        "dpo_label_smoothing has no effect: of the losses of dpo_loss_type, robust, exo_pair, aot and aot_unpaired "
        "read "
        "it");
  }
  const CpoLoss loss = options.cpo_loss_type.value_or(CpoLoss::sigmoid);
  if (options.cpo_label_smoothing && (loss == CpoLoss::hinge || loss == CpoLoss::ipo)) {
    notes.push_back("cpo_label_smoothing has no effect with cpo_loss_type: hinge or ipo");
  }
  if (options.rl_beta && options.dpo_beta) notes.push_back("dpo_beta has no effect: rl_beta goes before it");
  if (options.orpo_alpha && (options.rl_beta || options.dpo_beta)) {
    notes.push_back("orpo_alpha has no effect: rl_beta goes before it");
  }
  if (learns(config, {Objective::simpo}) && !options.cpo_alpha) {
    notes.push_back(
        "cpo_alpha is left out, so the cross-entropy of the chosen answers is added to the loss of SimPO with weight "
        "1, "
        "as with TRL; the paper's SimPO is cpo_alpha: 0");
  }
  if (config.data.min_sample_len) notes.push_back("min_sample_len has no effect with rl");
  if (config.data.train_on_inputs) notes.push_back("train_on_inputs has no effect with rl: the answers are learnt");
}

}  // namespace eft
