#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/means.h"
#include "train/objectives/objective.h"
#include "train/objectives/reference_model.h"

namespace eft {

/// What the objectives of preferences have in common: as with TRL, the loss of a micro batch is a mean over its rows,
/// and a step's is the mean over its micro batches, however many rows those have. A loss of evaluation is one over
/// rows.
class PreferenceObjective : public TrainingObjective {
 public:
  /// `job` must outlive it, and the model and the pool of `reference` too.
  PreferenceObjective(const TrainJob& job, std::optional<ReferenceModel> reference)
      : job_(job), reference_(std::move(reference)) {}

  double weight(const PackedRow&) const override { return 1; }
  double evaluation_weight(const PackedRow& row) const override;
  void before_first_step(const std::function<std::vector<Loader>()>& loaders) override;
  void add_metrics(MetricValues& values) override;
  std::vector<std::string> notes(const Examples& rows) const override;
  const Model* frozen_model() const override { return reference_ ? reference_->model() : nullptr; }

 protected:
  /// The name of each metric that the loss tells; empty: not to be shown.
  virtual std::vector<std::string_view> metric_names() const = 0;
  /// The rows that the reference is asked about when `row` is trained on.
  virtual std::vector<PackedRow> compared_rows(const PackedRow& row) const { return {row}; }

  const PreferenceOptions& options() const { return job_.train.preference; }
  /// What a micro batch shows beside its loss, for its metrics.
  struct Shown {
    Tensor statistics = {};  ///< sum_statistics of its answers; absent: none are told
    std::vector<std::int32_t> sizes = {};
    std::vector<PreferenceRole> roles = {};
  };
  /// The loss, whose metrics are kept until somebody asks for them.
  Var keep(PreferenceLoss loss, Shown shown);

  const TrainJob& job_;
  std::optional<ReferenceModel> reference_;

 private:
  void add_token_metrics(const Shown& shown, Means& means) const;

  /// A micro batch since metrics were asked for.
  struct Kept {
    Tensor metrics;
    Shown shown;
  };
  std::vector<Kept> kept_;
};

}  // namespace eft
