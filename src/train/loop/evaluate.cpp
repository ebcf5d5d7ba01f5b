#include "train/loop/evaluate.h"

#include <algorithm>

namespace eft {

std::optional<Evaluation> evaluate(const Model& model, Pool& pool, TrainingObjective& objective, Loader loader,
                                   const std::function<bool()>& stop) {
  loader.seek({});
  Evaluation evaluation;
  double sum = 0, weights = 0;
  const std::int64_t batches = loader.batches_per_epoch();
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    if (stop && stop()) return std::nullopt;
    const PackedRow row = loader.next();
    Context ctx{.pool = &pool};
    const double weight = objective.weight(row);
    sum += item(objective.loss(ctx, model, row, 1 / std::max(weight, 1.0)).value()) * weight;
    weights += weight;
    evaluation.tokens += static_cast<std::int64_t>(row.tokens.size());
    evaluation.label_tokens += row.label_tokens();
  }
  evaluation.loss = sum * (1 / std::max(weights, 1.0));
  return evaluation;
}

}  // namespace eft
