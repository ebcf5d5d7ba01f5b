#include "train/objectives/pairs.h"

namespace eft {
namespace {

constexpr double kSimpoGamma = 0.5;  // TRL's
constexpr double kCpoAlpha = 1;      // TRL's too; the paper's SimPO has none

double& weight_of(PairLossOptions& options, PairLoss kind) { return options.weights[static_cast<int>(kind)]; }

void add_dpo(PairLossOptions& loss, const PreferenceOptions& options) {
  loss.label_smoothing = options.dpo_label_smoothing.value_or(0);
  if (options.dpo_loss_type.empty()) weight_of(loss, PairLoss::sigmoid) = 1;
  for (std::size_t i = 0; i < options.dpo_loss_type.size(); ++i) {
    const bool weighted = i < options.dpo_loss_weights.size();
    weight_of(loss, options.dpo_loss_type[i]) += weighted ? options.dpo_loss_weights[i] : 1;
  }
}

void add_cpo(PairLossOptions& loss, const PreferenceOptions& options, CpoLoss kind) {
  loss.label_smoothing = options.cpo_label_smoothing.value_or(0);
  loss.means = kind == CpoLoss::ipo || kind == CpoLoss::simpo;
  const PairLoss kinds[] = {PairLoss::smooth_sigmoid, PairLoss::hinge, PairLoss::ipo, PairLoss::simpo};
  weight_of(loss, kinds[static_cast<int>(kind)]) = 1;
  weight_of(loss, PairLoss::sft) = options.cpo_alpha.value_or(kCpoAlpha);
}

PairLossOptions loss_options(Objective kind, const PreferenceOptions& options) {
  PairLossOptions loss{.beta = options.beta(), .gamma = options.simpo_gamma.value_or(kSimpoGamma)};
  if (kind == Objective::dpo) add_dpo(loss, options);
  if (kind == Objective::ipo) weight_of(loss, PairLoss::ipo) = 1;
  if (kind == Objective::simpo) add_cpo(loss, options, CpoLoss::simpo);
  if (kind == Objective::cpo) add_cpo(loss, options, options.cpo_loss_type.value_or(CpoLoss::sigmoid));
  if (kind == Objective::orpo) {
    loss.means = true;
    weight_of(loss, PairLoss::odds_ratio) = 1;
    weight_of(loss, PairLoss::sft) = 1;
  }
  return loss;
}

}  // namespace

Pairs::Pairs(const TrainJob& job, std::optional<ReferenceModel> reference)
    : PreferenceObjective(job, std::move(reference)),
      kind_(job.data.rl.value()),
      loss_(loss_options(kind_, job.train.preference)) {}

Var Pairs::loss(Context& ctx, const Model& model, const PackedRow& row, double scale) {
  const auto pairs = static_cast<std::int64_t>(row.roles.size() / 2);
  const ScoredAnswers answers = kind_ == Objective::orpo ? answers_with_prompts_of(row) : answers_of(row);
  const Tensor reference = reference_ ? reference_->logps(ctx, row, answers) : Tensor();
  std::vector<std::int32_t> sizes = answers.sizes();
  const bool weighs = options().dpo_use_weighting;
  Tensor statistics;
  PreferenceLoss of_answers = loss_of_answers(
      ctx, model, row, answers,
      [&](Context& inner, const Var& logps, const Tensor& of_tokens) {
        return pair_loss(inner, logps, {reference, weighs ? of_tokens : Tensor(), sizes, pairs}, loss_, scale);
      },
      reference_ ? &statistics : nullptr);
  return keep(std::move(of_answers), {std::move(statistics), std::move(sizes), row.roles});
}

std::vector<std::string_view> Pairs::metric_names() const {
  std::vector<std::string_view> names{"rewards/chosen",  "rewards/rejected", "rewards/accuracies",
                                      "rewards/margins", "logps/chosen",     "logps/rejected"};
  if (kind_ == Objective::dpo || kind_ == Objective::ipo) return names;
  names.emplace_back("nll_loss");
  if (kind_ == Objective::orpo) names.insert(names.end(), {"log_odds_ratio", "log_odds_chosen"});
  return names;
}

}  // namespace eft
