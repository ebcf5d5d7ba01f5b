#include "train/objectives/kto.h"
#include "train/objectives/pairs.h"
#include "train/objectives/sft.h"

namespace eft {
namespace {

bool has_reference(Objective kind) {
  return kind == Objective::dpo || kind == Objective::ipo || kind == Objective::kto;
}

}  // namespace

std::unique_ptr<TrainingObjective> make_objective(const TrainJob& job, const Model& model, Pool& pool) {
  if (!job.data.rl) return std::make_unique<Sft>();
  std::optional<ReferenceModel> reference;
  if (has_reference(*job.data.rl)) reference.emplace(job, model, pool);
  if (*job.data.rl == Objective::kto) return std::make_unique<Kto>(job, std::move(reference));
  return std::make_unique<Pairs>(job, std::move(reference));
}

}  // namespace eft
