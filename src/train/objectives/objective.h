#pragma once

#include <memory>
#include <vector>

#include "autograd/tape.h"
#include "data/data_options.h"
#include "data/store/example.h"
#include "models/model.h"
#include "report/metrics.h"

namespace eft {

/// What a model sees of a packed row.
inline ModelInput input_of(const PackedRow& row) {
  return {.tokens = row.tokens, .positions = row.positions, .starts = row.starts, .media = row.media};
}

/// What a run minimises: the loss of a micro batch, and what the sum over the micro batches of a step is divided by.
class TrainingObjective {
 public:
  virtual ~TrainingObjective() = default;

  /// What a row counts for: label tokens, pairs, completions. The sum of the losses is divided by that of all rows.
  virtual double weight(const PackedRow& row) const = 0;
  /// scale times the loss of a row, one element, recorded on ctx.tape where there is one. May first run forward passes
  /// of its own without a tape. Reads nothing back from a device, which would wait there.
  virtual Var loss(Context& ctx, const Model& model, const PackedRow& row, double scale) = 0;
  /// Called with the micro batches of a step before they are used. May change or replace them.
  virtual void prepare(std::vector<PackedRow>&) {}
  /// Adds what it knows of the step that was made, beside its loss: margins, rewards.
  virtual void add_metrics(MetricValues&) {}
};

/// The objective that the data are for. Throws ConfigError where training has none for them yet.
std::unique_ptr<TrainingObjective> make_objective(const DataOptions& options);

}  // namespace eft
