#include "train/loop/trainer.h"

#include <fmt/ranges.h>

#include <chrono>
#include <cmath>

#include "base/fault.h"
#include "data/rows/length.h"
#include "train/job/row_sources.h"
#include "train/checkpoints/checkpoint_files.h"
#include "train/checkpoints/output_folder.h"
#include "train/checkpoints/save.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

using Clock = std::chrono::steady_clock;

/// A file of this name in output_dir asks for a checkpoint.
constexpr const char* kSaveRequest = "checkpoint_now";
/// Weights that are not finite themselves would let every further step pass.
constexpr std::int64_t kMostSkipped = 10;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Whether `path` names an entry of `folder`.
bool is_in(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::filesystem::weakly_canonical(path).parent_path() == std::filesystem::weakly_canonical(folder);
}

bool epoch_ended(const TrainerState& state) { return state.step > 0 && state.cursor.batch == 0; }

}  // namespace

LoaderOptions train_loader_options(const TrainJob& job) {
  return {.sequence_len = job.data.sequence_len,
          .micro_batch_size = job.train.micro_batch_size,
          .packing = job.data.sample_packing,
          .sequential = job.data.sample_packing_sequentially,
          .group_by_length = job.data.group_by_length,
          .shuffle = !job.data.curriculum_sampling,
          .seed = static_cast<std::uint64_t>(job.train.seed)};
}

LoaderOptions eval_loader_options(const TrainJob& job) {
  LoaderOptions options = train_loader_options(job);
  // Rows that val_set_size took away from training are as long as those.
  if (!job.data.test_datasets.empty()) options.sequence_len = longest_of(job.data, true);
  options.packing = job.data.eval_sample_packing.value_or(options.packing);
  options.group_by_length = false;
  options.shuffle = false;
  return options;
}

Loader train_loader(const TrainJob& job, const TrainRows& rows) {
  return rows.stream ? Loader(rows.stream, train_loader_options(job)) : Loader(rows.train, train_loader_options(job));
}

Trainer::Trainer(const TrainJob& job, OpenedModel& opened, Pool& pool, TrainRows rows)
    : job_(job),
      opened_(opened),
      pool_(pool),
      rows_(rows),
      loader_(train_loader(job, rows)),
      plan_(plan_steps(job.train, loader_.batches_per_epoch(), !rows.eval.empty())),
      objective_(make_objective(job.data)),
      optimizer_(make_optimizer(opened.model->parameters(), pool, job.train.optimizer)),
      stepper_(*opened.model, pool, *objective_, *optimizer_, job.train),
      schedule_(job.train.schedule, plan_.steps) {
  state_.total_steps = plan_.steps;
  state_.train_examples = static_cast<std::int64_t>(rows.train.size());
  state_.train_tokens = rows.train.tokens();
  state_.run = identity_of(job, rows.train);
}

void Trainer::resume(const std::filesystem::path& checkpoint) {
  const TrainerState stored = load_checkpoint(checkpoint, job_, opened_, pool_, *optimizer_);
  require_same_run(checkpoint, stored.run, state_.run, job_);
  if (stored.train_examples != state_.train_examples || stored.train_tokens != state_.train_tokens) {
    throw ConfigError("{}: made with {} rows of {} tokens, got {} rows of {}; a run can only go on with the same data",
                      checkpoint.string(), stored.train_examples, stored.train_tokens, state_.train_examples,
                      state_.train_tokens);
  }
  loader_.seek(stored.cursor);
  state_.step = stored.step;
  state_.cursor = stored.cursor;
  state_.evaluated_step = stored.evaluated_step;
  state_.evaluations_without_gain = stored.evaluations_without_gain;
  state_.best = stored.best;
  if (is_in(checkpoint, job_.train.output_dir)) checkpoints_ = list_checkpoints(job_.train.output_dir);
  if (!state_.best) return;
  std::filesystem::path& best = state_.best->checkpoint;
  if (is_in(best, job_.train.output_dir)) best = checkpoint_folder(job_, state_.best->step);
  if (job_.train.keeps_best() && !std::filesystem::exists(best)) {
    throw FileError("{}: its best model, {}, is not there; set load_best_model_at_end: false to go on without it",
                    checkpoint.string(), best.string());
  }
}

bool Trainer::done() const {
  const std::int64_t patience = job_.train.early_stopping_patience;
  return state_.step >= plan_.steps || (patience > 0 && state_.evaluations_without_gain >= patience);
}

bool Trainer::evaluation_due() const {
  if (!plan_.eval.active() || state_.evaluated_step == state_.step) return false;
  return state_.step == 0 || plan_.due(plan_.eval, state_.step, epoch_ended(state_));
}

bool Trainer::run(Progress& progress, const RunRequests& requests) {
  begin_output(job_.train.output_dir);
  metrics_.emplace(job_.train.output_dir / "metrics.jsonl", state_.step);
  bool going = between_steps(progress, requests, false);
  while (going && !done()) {
    make_step(progress);
    going = between_steps(progress, requests, true);
  }
  if (going) finish(progress);
  return going;
}

bool Trainer::between_steps(Progress& progress, const RunRequests& requests, bool stepped) {
  const auto stopping = [&] { return requests.stop && requests.stop() && (!done() || evaluation_due()); };
  const bool best = !stopping() && evaluation_due() && evaluate_now(progress, requests.stop);
  if (stopping()) {
    save_checkpoint_now(progress, true);
    return false;
  }
  const bool last = done() && plan_.save.active();
  const bool due = stepped && (last || plan_.due(plan_.save, state_.step, epoch_ended(state_)));
  const bool asked = save_asked(requests);
  if (asked || due || (best && job_.train.keeps_best())) save_checkpoint_now(progress, false);
  return true;
}

void Trainer::finish(Progress& progress) {
  if (state_.step < plan_.steps) {
    progress.say(fmt::format("{} evaluations in a row without a smaller eval_loss: the run ends after step {}",
                             state_.evaluations_without_gain, state_.step));
  }
  if (job_.train.keeps_best() && state_.best && state_.best->step != state_.step) {
    load_weights(state_.best->checkpoint, job_, opened_, pool_);
    progress.say(
        fmt::format("the result is the model of step {}, eval_loss {:.4f}", state_.best->step, state_.best->eval_loss));
  }
  save_result(job_, opened_);
  metrics_->flush();
}

std::vector<PackedRow> Trainer::draw() {
  std::vector<PackedRow> batches;
  const std::int64_t epoch = loader_.cursor().epoch;
  const auto wanted = static_cast<std::size_t>(job_.train.gradient_accumulation_steps);
  while (batches.size() < wanted && loader_.cursor().epoch == epoch) batches.push_back(loader_.next());
  return batches;
}

void Trainer::make_step(Progress& progress) {
  const auto start = Clock::now();
  pool_.reset_peak();
  if (profile_ != nullptr) profile_->begin_step();
  std::vector<PackedRow> batches = draw();
  objective_->prepare(batches);
  const double learning_rate = schedule_.at(state_.step);
  const StepResult result = stepper_.step(batches, learning_rate, state_.step);
  if (profile_ != nullptr) profile_->end_step();
  skipped_ = result.updated ? 0 : skipped_ + 1;
  if (!result.updated) refuse(result, batches, progress);
  ++state_.step;
  state_.cursor = loader_.cursor();
  const MemoryUse peak = pool_.peak();
  if (peak.total > peak_.total) peak_ = peak;
  const StepMetrics metrics{.step = state_.step,
                            .loss = result.loss,
                            .grad_norm = result.grad_norm,
                            .learning_rate = learning_rate,
                            .tokens = result.tokens,
                            .label_tokens = result.label_tokens,
                            .seconds = seconds_since(start),
                            .memory = peak.total,
                            .extra = result.extra,
                            .skipped = !result.updated};
  record(metrics, progress);
  progress.step(metrics);
  fault_point();
}

void Trainer::refuse(const StepResult& result, const std::vector<PackedRow>& batches, Progress& progress) {
  const bool loss = !std::isfinite(result.loss);
  const std::string what = fmt::format("step {}: the {} is {}; {} is not finite; its rows are {}", state_.step + 1,
                                       loss ? "loss" : "norm of the gradient", loss ? result.loss : result.grad_norm,
                                       result.not_finite.empty() ? "only this sum" : result.not_finite,
                                       fmt::join(row_sources(batches, rows_.train), ", "));
  if (job_.train.on_nonfinite_step == OnNonfiniteStep::stop) {
    throw DataError("{}; look at them, lower learning_rate or set on_nonfinite_step: skip", what);
  }
  if (skipped_ == kMostSkipped) throw DataError("{}; it is the {}th such step in a row", what, kMostSkipped);
  progress.say(what + "; skipped");
}

template <class Metrics>
void Trainer::record(const Metrics& metrics, Progress& progress) {
  try {
    metrics_->add(metrics);
    metrics_fail_ = false;
  } catch (const FileError& error) {
    if (job_.train.on_save_error == OnSaveError::stop) throw;
    if (!metrics_fail_)
      progress.say(fmt::format("warning: {}; the lines are written when that is possible", error.what()));
    metrics_fail_ = true;
  }
}

bool Trainer::evaluate_now(Progress& progress, const std::function<bool()>& stop) {
  const auto start = Clock::now();
  const auto evaluation =
      evaluate(*opened_.model, pool_, *objective_, Loader(rows_.eval, eval_loader_options(job_)), stop);
  if (!evaluation) return false;
  const EvalMetrics metrics{.step = state_.step,
                            .eval_loss = evaluation->loss,
                            .tokens = evaluation->tokens,
                            .label_tokens = evaluation->label_tokens,
                            .seconds = seconds_since(start)};
  record(metrics, progress);
  progress.evaluation(metrics);
  return take_evaluation(evaluation->loss);
}

bool Trainer::take_evaluation(double eval_loss) {
  state_.evaluated_step = state_.step;
  if (state_.step == 0) return false;  // what training starts from is no result
  const bool best = std::isfinite(eval_loss) && (!state_.best || eval_loss < state_.best->eval_loss);
  state_.evaluations_without_gain = best ? 0 : state_.evaluations_without_gain + 1;
  if (best) {
    earlier_best_ = state_.best;
    state_.best = BestModel{eval_loss, state_.step, checkpoint_folder(job_, state_.step)};
  }
  return best;
}

bool Trainer::save_asked(const RunRequests& requests) const {
  std::error_code ignored;
  const bool signal = requests.save && requests.save();
  return std::filesystem::remove(job_.train.output_dir / kSaveRequest, ignored) || signal;
}

void Trainer::save_checkpoint_now(Progress& progress, bool needed) {
  try {
    const auto folder = save_checkpoint(job_, opened_, *optimizer_, state_);
    progress.say("wrote " + folder.string());
    std::erase(checkpoints_, folder);
    checkpoints_.push_back(folder);
    remove_old_checkpoints(progress);
  } catch (const FileError& error) {
    if (needed || job_.train.on_save_error == OnSaveError::stop) throw;
    if (state_.best && state_.best->step == state_.step) state_.best = earlier_best_;
    progress.say(fmt::format("warning: no checkpoint of step {}: {}; the run goes on, earlier checkpoints stand",
                             state_.step, error.what()));
  }
}

void Trainer::remove_old_checkpoints(Progress& progress) {
  auto excess = static_cast<std::int64_t>(checkpoints_.size()) - job_.train.save_total_limit;
  const std::vector<std::filesystem::path> all(checkpoints_.begin(), checkpoints_.end() - 1);
  for (const auto& folder : all) {
    if (excess <= 0) return;
    if (job_.train.keeps_best() && state_.best && folder == state_.best->checkpoint) continue;
    std::erase(checkpoints_, folder);
    const std::string foreign = foreign_file(folder);
    if (foreign.empty()) {
      remove_folder(folder);
    } else {
      progress.say(fmt::format("{} stays: it holds {}, which eft did not write", folder.string(), foreign));
    }
    --excess;
  }
}

}  // namespace eft
