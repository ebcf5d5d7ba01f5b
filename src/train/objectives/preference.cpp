#include "train/objectives/preference.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ops/token_statistics/token_statistics.h"

namespace eft {

namespace {

bool is_chosen(PreferenceRole role) { return role == PreferenceRole::chosen || role == PreferenceRole::good; }

}  // namespace

/// Of the tokens of the answers, as TRL tells them.
void PreferenceObjective::add_token_metrics(const Shown& shown, Means& means) const {
  const std::vector<double> sums = to_doubles(shown.statistics);
  double tokens[2] = {0, 0}, entropy = 0, logits[2] = {0, 0}, hits = 0;
  for (std::size_t s = 0; s < shown.sizes.size() && !sums.empty(); ++s) {
    const auto of = [&](TokenStatistic which) {
      return sums[s * static_cast<std::size_t>(kTokenStatistics) + static_cast<std::size_t>(which)];
    };
    const bool chosen = is_chosen(shown.roles.at(s));
    tokens[chosen ? 1 : 0] += shown.sizes[s];
    logits[chosen ? 1 : 0] += of(TokenStatistic::mean_logit);
    entropy += of(TokenStatistic::entropy);
    if (chosen) hits += of(TokenStatistic::hit);
  }
  means.add("logits/chosen", logits[1] / tokens[1]);
  means.add("logits/rejected", logits[0] / tokens[0]);
  means.add("entropy", entropy / (tokens[0] + tokens[1]));
  if (job_.data.rl != Objective::kto) means.add("mean_token_accuracy", hits / tokens[1]);
}

double PreferenceObjective::evaluation_weight(const PackedRow& row) const {
  return static_cast<double>(std::ranges::count_if(
      row.roles, [](PreferenceRole role) { return role != PreferenceRole::rejected && role != PreferenceRole::none; }));
}

void PreferenceObjective::before_first_step(const std::function<std::vector<Loader>()>& loaders) {
  if (!reference_ || !options().precompute_ref_log_probs) return;
  std::vector<Loader> all = loaders();
  for (Loader& loader : all) {
    for (std::int64_t batch = loader.batches_per_epoch(); batch > 0; --batch) {
      for (const PackedRow& row : compared_rows(loader.next())) reference_->remember(row);
    }
  }
  reference_->close();
}

std::vector<std::string> PreferenceObjective::notes(const Examples&) const {
  std::vector<std::string> notes;
  if (reference_) notes.push_back("the reference is " + reference_->name());
  if (job_.trains_adapter() && job_.adapter.dropout > 0) {
    notes.emplace_back("lora_dropout drops nothing: preferences are learnt without dropout, as with TRL");
  }
  return notes;
}

Var PreferenceObjective::keep(PreferenceLoss loss, Shown shown) {
  kept_.push_back({std::move(loss.metrics), std::move(shown)});
  return std::move(loss.loss);
}

void PreferenceObjective::add_metrics(MetricValues& values) {
  const std::vector<std::string_view> names = metric_names();
  Means means;
  for (const Kept& one : std::exchange(kept_, {})) {
    const std::vector<double> seen = to_doubles(one.metrics);
    for (std::size_t i = 0; i < std::min(seen.size(), names.size()); ++i) means.add(names[i], seen[i]);
    if (one.shown.statistics) add_token_metrics(one.shown, means);
  }
  means.add_to(values);
}

}  // namespace eft
