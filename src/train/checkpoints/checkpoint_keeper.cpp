#include "train/checkpoints/checkpoint_keeper.h"

#include <cmath>

#include "base/error.h"
#include "train/checkpoints/checkpoint_files.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

/// Whether `path` names an entry of `folder`.
bool is_in(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::filesystem::weakly_canonical(path).parent_path() == std::filesystem::weakly_canonical(folder);
}

}  // namespace

TrainerState CheckpointKeeper::resume(const std::filesystem::path& checkpoint) {
  TrainerState state = load_checkpoint(checkpoint, job_, opened_, pool_, optimizer_);
  const std::filesystem::path& output_dir = job_.train.output_dir;
  if (is_in(checkpoint, output_dir)) folders_ = list_checkpoints(output_dir);
  if (!state.best) return state;
  std::filesystem::path& best = state.best->checkpoint;
  if (is_in(best, output_dir)) best = checkpoint_folder(job_, state.best->step);
  if (job_.train.keeps_best() && !std::filesystem::exists(best)) {
    throw FileError("{}: its best model, {}, is not there; set load_best_model_at_end: false to go on without it",
                    checkpoint.string(), best.string());
  }
  return state;
}

bool CheckpointKeeper::count_evaluation(TrainerState& state, double eval_loss) {
  state.evaluated_step = state.step;
  if (state.step == 0) return false;  // what training starts from is no result
  const bool best = std::isfinite(eval_loss) && (!state.best || eval_loss < state.best->eval_loss);
  state.evaluations_without_gain = best ? 0 : state.evaluations_without_gain + 1;
  if (best) {
    earlier_best_ = state.best;
    state.best = BestModel{eval_loss, state.step, checkpoint_folder(job_, state.step)};
  }
  return best;
}

void CheckpointKeeper::write(TrainerState& state, Need need, const Say& say) {
  try {
    const auto folder = save_checkpoint(job_, opened_, optimizer_, state);
    say("wrote " + folder.string());
    std::erase(folders_, folder);
    folders_.push_back(folder);
    remove_old(state, say);
  } catch (const FileError& error) {
    if (need == Need::needed || job_.train.on_save_error == OnSaveError::stop) throw;
    if (state.best && state.best->step == state.step) state.best = earlier_best_;
    say(fmt::format("warning: no checkpoint of step {}: {}; the run goes on, earlier checkpoints stand", state.step,
                    error.what()));
  }
}

void CheckpointKeeper::restore_best(const TrainerState& state, const Say& say) {
  if (!job_.train.keeps_best() || !state.best || state.best->step == state.step) return;
  load_weights(state.best->checkpoint, job_, opened_, pool_);
  say(fmt::format("the result is the model of step {}, eval_loss {:.4f}", state.best->step, state.best->eval_loss));
}

void CheckpointKeeper::remove_old(const TrainerState& state, const Say& say) {
  auto excess = static_cast<std::int64_t>(folders_.size()) - job_.train.save_total_limit;
  const std::vector<std::filesystem::path> all(folders_.begin(), folders_.end() - 1);
  for (const auto& folder : all) {
    if (excess <= 0) return;
    if (job_.train.keeps_best() && state.best && folder == state.best->checkpoint) continue;
    std::erase(folders_, folder);
    const std::string foreign = foreign_file(folder);
    if (foreign.empty()) {
      remove_folder(folder);
    } else {
      say(fmt::format("{} stays: it holds {}, which eft did not write", folder.string(), foreign));
    }
    --excess;
  }
}

}  // namespace eft
