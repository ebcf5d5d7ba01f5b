#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "data/batches/loader.h"
#include "data/store/example.h"
#include "models/model.h"
#include "report/metrics.h"
#include "train/job/job.h"

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
  /// The same in an evaluation.
  virtual double evaluation_weight(const PackedRow& row) const { return weight(row); }
  /// Called before a run's first step or an evaluation; `loaders` makes those of what will be drawn from.
  virtual void before_first_step(const std::function<std::vector<Loader>()>& /*loaders*/) {}
  /// Called with the micro batches of a step before they are used. May change or replace them.
  virtual void prepare(std::vector<PackedRow>&) {}
  /// Adds what it knows of the micro batches since the last call, beside their loss: margins, rewards.
  virtual void add_metrics(MetricValues&) {}
  /// What the user should know of a run over `rows`: one line each.
  virtual std::vector<std::string> notes(const Examples&) const { return {}; }
  /// A model of its own beside the one that is trained; null where there is none.
  virtual const Model* frozen_model() const { return nullptr; }
};

/// The objective of a job whose opened model is `model`. All of these must outlive it.
std::unique_ptr<TrainingObjective> make_objective(const TrainJob& job, const Model& model, Pool& pool);

}  // namespace eft
