#include "train/objectives/kto.h"

#include <fmt/format.h>

#include <algorithm>

namespace eft {
namespace {

/// A weight of 0 is none, as with Axolotl.
double weight_or_one(const std::optional<double>& weight) { return weight.value_or(0) > 0 ? *weight : 1; }

/// A sequence of a row, taken apart.
struct SequenceParts {
  std::vector<std::int32_t> prompt, answer;
};

SequenceParts parts_of(const PackedRow& row, std::size_t sequence) {
  const auto begin = static_cast<std::size_t>(row.starts[sequence]),
             end = static_cast<std::size_t>(row.starts[sequence + 1]);
  std::size_t first = begin;
  while (first + 1 < end && row.targets[first] == kIgnoreLabel) ++first;
  const auto at = [&](std::size_t i) { return row.tokens.begin() + static_cast<std::ptrdiff_t>(i); };
  return {{at(begin), at(first + 1)}, {at(first + 1), at(end)}};
}

void append(PackedRow& row, const SequenceParts& prompt, const SequenceParts& answer, std::int64_t longest) {
  const std::size_t begin = row.tokens.size();
  row.tokens.insert(row.tokens.end(), prompt.prompt.begin(), prompt.prompt.end());
  row.tokens.insert(row.tokens.end(), answer.answer.begin(), answer.answer.end());
  row.tokens.resize(std::min(row.tokens.size(), begin + static_cast<std::size_t>(longest)));
  const std::size_t scored_from = begin + prompt.prompt.size() - 1;
  for (std::size_t i = begin; i < row.tokens.size(); ++i) {
    const bool scored = i >= scored_from && i + 1 < row.tokens.size();
    row.targets.push_back(scored ? row.tokens[i + 1] : kIgnoreLabel);
    row.positions.push_back(static_cast<std::int32_t>(i - begin));
  }
  row.starts.push_back(static_cast<std::int64_t>(row.tokens.size()));
}

}  // namespace

PackedRow with_shifted_answers(const PackedRow& row, std::int64_t longest) {
  std::vector<SequenceParts> parts;
  for (std::size_t s = 0; s + 1 < row.starts.size(); ++s) parts.push_back(parts_of(row, s));
  PackedRow shifted{.tokens = {}, .targets = {}, .positions = {}, .starts = {0}, .roles = row.roles};
  for (std::size_t s = 0; s < parts.size(); ++s) {
    append(shifted, parts[s], parts[s == 0 ? parts.size() - 1 : s - 1], longest);
  }
  return shifted;
}

AnswerLossOptions answer_loss_options(const PreferenceOptions& options) {
  return {.beta = options.beta(),
          .desirable = weight_or_one(options.kto_desirable_weight),
          .undesirable = weight_or_one(options.kto_undesirable_weight)};
}

std::string weights_hint(std::int64_t good, std::int64_t bad, const AnswerLossOptions& options) {
  if (good == 0 || bad == 0) return "";
  constexpr double kLeast = 1, kMost = 4.0 / 3;
  const double n = static_cast<double>(good), m = static_cast<double>(bad);
  const double ratio = n * options.desirable / (m * options.undesirable);
  if (ratio >= kLeast && ratio <= kMost) return "";
  return fmt::format(
      "{} good and {} bad answers: set kto_desirable_weight from {:.2f} to {:.2f}, or kto_undesirable_weight from "
      "{:.2f} "
      "to {:.2f}, so that both kinds weigh about the same",
      good, bad, kLeast * m * options.undesirable / n, kMost * m * options.undesirable / n,
      n * options.desirable / m / kMost, n * options.desirable / m / kLeast);
}

Kto::Kto(const TrainJob& job, std::optional<ReferenceModel> reference)
    : PreferenceObjective(job, std::move(reference)), loss_(answer_loss_options(job.train.preference)) {}

std::vector<PackedRow> Kto::compared_rows(const PackedRow& row) const {
  return {row, with_shifted_answers(row, job_.data.sequence_len)};
}

Var Kto::loss(Context& ctx, const Model& model, const PackedRow& row, double scale) {
  const PackedRow shifted = with_shifted_answers(row, job_.data.sequence_len);
  const ScoredAnswers answers = answers_of(row), shifted_answers = answers_of(shifted);
  AnswerLogps others;
  others.reference = reference_->logps(ctx, row, answers);
  others.shifted_reference = reference_->logps(ctx, shifted, shifted_answers);
  others.shifted = answer_logps(ctx, model, shifted, shifted_answers);
  std::vector<std::int32_t> good;
  for (const PreferenceRole role : row.roles) good.push_back(role == PreferenceRole::good ? 1 : 0);
  Tensor statistics;
  PreferenceLoss of_answers = loss_of_answers(
      ctx, model, row, answers,
      [&](Context& inner, const Var& logps, const Tensor&) {
        return answer_loss(inner, logps, others, good, loss_, scale);
      },
      &statistics);
  return keep(std::move(of_answers), {std::move(statistics), answers.sizes(), row.roles});
}

std::vector<std::string> Kto::notes(const Examples& rows) const {
  std::vector<std::string> notes = PreferenceObjective::notes(rows);
  std::int64_t good = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) good += rows[i].role == PreferenceRole::good ? 1 : 0;
  std::string hint = weights_hint(good, static_cast<std::int64_t>(rows.size()) - good, loss_);
  if (!hint.empty()) notes.push_back(std::move(hint));
  return notes;
}

std::vector<std::string_view> Kto::metric_names() const {
  return {"rewards/chosen", "rewards/rejected", "rewards/margins", "logps/chosen", "logps/rejected", "kl"};
}

}  // namespace eft
