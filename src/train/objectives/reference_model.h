#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "train/job/job.h"
#include "train/objectives/answers.h"

namespace eft {

/// The frozen model that preferences are compared with: the policy without its adapters where those are all it trains,
/// else a model of its own, whose weights stay in the checkpoint's files as far as their dtype allows.
class ReferenceModel {
 public:
  /// Both must outlive the reference.
  ReferenceModel(const TrainJob& job, const Model& policy, Pool& pool);

  /// Log-probabilities of a row's answers, [ranges] in f64: remembered ones, or those of a forward pass.
  Tensor logps(const Context& ctx, const PackedRow& row, const ScoredAnswers& answers);
  /// Computes those of a row and keeps them on the host. Waits for the device.
  void remember(const PackedRow& row);
  /// Closes a model of its own. It is opened again for a row that nobody remembers.
  void close() { own_.reset(); }

  /// The model of its own; null when there is none or it is not open.
  const Model* model() const { return own_ ? own_->model.get() : nullptr; }
  /// "the model without its adapters, which takes no memory of its own"
  std::string name() const;

 private:
  using Key = std::array<std::uint64_t, 2>;

  Tensor compute(const Context& ctx, const PackedRow& row, const ScoredAnswers& answers);
  /// By the tokens of each sequence and which of them are scored.
  static std::vector<Key> keys_of(const PackedRow& row);

  const TrainJob& job_;
  const Model& policy_;
  Pool& pool_;
  bool is_policy_;
  std::optional<OpenedModel> own_;
  std::map<Key, double> known_;
};

}  // namespace eft
