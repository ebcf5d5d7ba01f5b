#include "train/loop/evaluate.h"

#include <algorithm>

#include "report/means.h"

namespace eft {

std::optional<Evaluation> evaluate(const Model& model, Pool& pool, TrainingObjective& objective, Loader loader,
                                   const std::function<bool()>& stop) {
  loader.seek({});
  Evaluation evaluation;
  double sum = 0;
  Means means;
  const std::int64_t batches = loader.batches_per_epoch();
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    if (stop && stop()) return std::nullopt;
    const PackedRow row = loader.next();
    Context ctx{.pool = &pool};
    const double weight = objective.evaluation_weight(row);
    sum += item(objective.loss(ctx, model, row, 1 / std::max(objective.weight(row), 1.0)).value()) * weight;
    evaluation.weight += weight;
    MetricValues extra;
    objective.add_metrics(extra);
    for (const auto& [name, value] : extra) means.add(name, value);
    evaluation.tokens += static_cast<std::int64_t>(row.tokens.size());
    evaluation.label_tokens += row.label_tokens();
  }
  evaluation.loss = sum * (1 / std::max(evaluation.weight, 1.0));
  means.add_to(evaluation.extra);
  return evaluation;
}

}  // namespace eft
