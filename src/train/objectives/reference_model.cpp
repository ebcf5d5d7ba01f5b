#include "train/objectives/reference_model.h"

#include <algorithm>

#include "base/hash.h"
#include "models/adapter.h"

namespace eft {
namespace {

/// Whether everything that is trained are terms beside frozen weights.
bool only_adds_terms(const Model& model) {
  return std::ranges::all_of(model.parameters(), [](const Parameter& parameter) {
    return !parameter.is_adapter() || parameter.source.empty();
  });
}

OpenedModel open_reference(const TrainJob& job, Pool& pool) {
  OpenedModel opened = open_model(job.base_model,
                                  {.dtype = job.dtype(),
                                   .train_base = false,
                                   .adapter = job.reference_adapter,
                                   .ple_cpu_offload = job.train.ple_cpu_offload},
                                  pool);
  if (!job.reference_adapter.model_dir.empty()) load_adapter(*opened.model, pool, job.reference_adapter.model_dir);
  return opened;
}

template <class T>
void add_part(Hasher& hasher, std::span<const T> values) {
  hasher.add_part({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

}  // namespace

ReferenceModel::ReferenceModel(const TrainJob& job, const Model& policy, Pool& pool)
    : job_(job),
      policy_(policy),
      pool_(pool),
      is_policy_(job.trains_adapter() && job.reference_adapter.model_dir.empty() && only_adds_terms(policy)) {
  if (!is_policy_ && !job.train.preference.precompute_ref_log_probs) own_ = open_reference(job, pool);
}

std::string ReferenceModel::name() const {
  if (is_policy_) return "the model without its adapters, which takes no memory of its own";
  std::string name = job_.reference_adapter.model_dir.empty()
                         ? "the starting weights"
                         : "the starting adapter, " + job_.reference_adapter.model_dir.string();
  return name + (job_.train.preference.precompute_ref_log_probs
                     ? ", whose log-probabilities are computed before the first step"
                     : ", in a second model beside the trained one");
}

Tensor ReferenceModel::compute(const Context& ctx, const PackedRow& row, const ScoredAnswers& answers) {
  Context frozen{.pool = ctx.pool, .stream = ctx.stream};
  if (is_policy_) {
    frozen.adapters = false;
    return answer_logps(frozen, policy_, row, answers);
  }
  if (!own_) own_ = open_reference(job_, pool_);
  Tensor logps = answer_logps(frozen, *own_->model, row, answers);
  forget_mapped(own_->model->parameters(), Forget::gathered);
  return logps;
}

std::vector<ReferenceModel::Key> ReferenceModel::keys_of(const PackedRow& row) {
  std::vector<Key> keys;
  for (std::size_t s = 0; s + 1 < row.starts.size(); ++s) {
    const auto begin = static_cast<std::size_t>(row.starts[s]), end = static_cast<std::size_t>(row.starts[s + 1]);
    Hasher hasher;
    add_part(hasher, std::span(row.tokens).subspan(begin, end - begin));
    add_part(hasher, std::span(row.targets).subspan(begin, end - begin));
    keys.push_back(hasher.digest());
  }
  return keys;
}

Tensor ReferenceModel::logps(const Context& ctx, const PackedRow& row, const ScoredAnswers& answers) {
  if (!job_.train.preference.precompute_ref_log_probs) return compute(ctx, row, answers);
  Tensor list = ctx.workspace(DType::f64, {static_cast<std::int64_t>(answers.ranges.size())});
  if (ctx.device() == Device::meta) return list;
  std::vector<double> values;
  for (const Key& key : keys_of(row)) {
    const auto found = known_.find(key);
    if (found == known_.end()) return compute(ctx, row, answers);
    values.push_back(found->second);
  }
  from_doubles(list, values);
  return list;
}

void ReferenceModel::remember(const PackedRow& row) {
  const std::vector<Key> keys = keys_of(row);
  if (std::ranges::all_of(keys, [&](const Key& key) { return known_.contains(key); })) return;
  const std::vector<double> values = to_doubles(compute({.pool = &pool_}, row, answers_of(row)));
  for (std::size_t i = 0; i < values.size(); ++i) known_.emplace(keys[i], values[i]);
}

}  // namespace eft
