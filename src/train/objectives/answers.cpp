#include "train/objectives/answers.h"

#include "ops/cross_entropy/cross_entropy.h"
#include "ops/token_statistics/token_statistics.h"
#include "train/objectives/objective.h"

namespace eft {
namespace {

Var hidden_of(Context& ctx, const Model& model, const PackedRow& row, const ScoredAnswers& answers) {
  ModelInput input = input_of(row);
  input.wanted = answers.wanted.rows;
  return model.hidden(ctx, input, nullptr);
}

Var logps_of(Context& ctx, const Var& losses, const ScoredAnswers& answers) {
  return segment_sum(ctx, losses, answers.ranges, -1);
}

/// The first position of a sequence that has to predict something; its end where none has.
std::int64_t first_target(const PackedRow& row, std::size_t sequence) {
  std::int64_t i = row.starts[sequence];
  while (i < row.starts[sequence + 1] && row.targets[static_cast<std::size_t>(i)] == kIgnoreLabel) ++i;
  return i;
}

std::int32_t targets_between(const PackedRow& row, std::int64_t begin, std::int64_t end) {
  std::int32_t count = 0;
  for (std::int64_t i = begin; i < end; ++i) count += row.targets[static_cast<std::size_t>(i)] != kIgnoreLabel ? 1 : 0;
  return count;
}

void add_range(ScoredAnswers& answers, std::int32_t size) {
  const std::int32_t begin = answers.ranges.empty() ? 0 : answers.ranges.back().end;
  answers.ranges.push_back({begin, begin + size});
}

}  // namespace

std::vector<std::int32_t> ScoredAnswers::sizes() const {
  std::vector<std::int32_t> sizes;
  for (const ElementRange& range : ranges) sizes.push_back(range.size());
  return sizes;
}

ScoredAnswers answers_of(const PackedRow& row) {
  ScoredAnswers answers{.wanted = wanted_tokens(row), .ranges = {}};
  for (std::size_t s = 0; s + 1 < row.starts.size(); ++s) {
    add_range(answers, targets_between(row, row.starts[s], row.starts[s + 1]));
  }
  return answers;
}

ScoredAnswers answers_with_prompts_of(const PackedRow& row) {
  PackedRow more = row;
  ScoredAnswers answers;
  for (std::size_t s = 0; s + 1 < row.starts.size(); ++s) {
    const std::int64_t begin = row.starts[s], answer = first_target(row, s), end = row.starts[s + 1];
    if (row.roles.at(s) == PreferenceRole::chosen) {
      for (std::int64_t i = begin; i < answer; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (i + 1 < end) more.targets[at] = row.tokens[at + 1];
      }
      add_range(answers, targets_between(more, begin, answer));
    }
    add_range(answers, targets_between(row, answer, end));
  }
  answers.wanted = wanted_tokens(more);
  return answers;
}

Tensor answer_logps(const Context& ctx, const Model& model, const PackedRow& row, const ScoredAnswers& answers) {
  Context plain = ctx;
  plain.tape = nullptr;
  const Var losses = token_losses(plain, hidden_of(plain, model, row, answers), model.head(), answers.wanted.targets,
                                  {.softcap = model.info().final_softcap});
  return logps_of(plain, losses, answers).value();
}

PreferenceLoss loss_of_answers(Context& ctx, const Model& model, const PackedRow& row, const ScoredAnswers& answers,
                               const LossOfLogps& loss, Tensor* statistics) {
  const Var hidden = hidden_of(ctx, model, row, answers);
  const Var head = model.head();
  Tensor of_tokens;
  if (statistics != nullptr) of_tokens = ctx.workspace(DType::f64, {answers.tokens(), kTokenStatistics});
  TokenLossOptions options{.softcap = model.info().final_softcap,
                           .statistics = statistics != nullptr ? &of_tokens : nullptr};
  const auto loss_of = [&](Context& pass, const Var& losses) {
    if (options.statistics != nullptr) *statistics = sum_statistics(pass, of_tokens, answers.ranges);
    return loss(pass, logps_of(pass, losses, answers), statistics != nullptr ? *statistics : Tensor());
  };
  Tensor gradients;
  if (ctx.records({&head})) {
    Context first = ctx;
    first.tape = nullptr;
    const Var losses = token_losses(first, Var(hidden.value()), Var(head.value()), answers.wanted.targets, options);
    const PreferenceLoss known = loss_of(first, losses);
    gradients = spread_over_segments(first, known.gradient, answers.ranges, -1, losses.shape()[0]);
    options.gradients = &gradients;
    options.statistics = nullptr;
  }
  return loss_of(ctx, token_losses(ctx, hidden, head, answers.wanted.targets, options));
}

}  // namespace eft
