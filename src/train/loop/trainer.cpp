#include "train/loop/trainer.h"

#include <fmt/ranges.h>

#include <chrono>
#include <cmath>

#include "base/fault.h"
#include "data/rows/length.h"
#include "train/job/row_sources.h"
#include "train/checkpoints/output_folder.h"
#include "train/checkpoints/save.h"

namespace eft {
namespace {

using Clock = std::chrono::steady_clock;

/// A file of this name in output_dir asks for a checkpoint.
constexpr const char* kSaveRequest = "checkpoint_now";
/// Weights that are not finite themselves would let every further step pass.
constexpr std::int64_t kMostSkipped = 10;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// With the warm-up of the run, for an optimizer that has one of its own.
OptimizerOptions optimizer_options(const TrainJob& job, const StepPlan& plan) {
  OptimizerOptions options = job.train.optimizer;
  options.own_warmup = plan.warmup_steps;
  return options;
}

bool epoch_ended(const TrainerState& state) { return state.step > 0 && state.cursor.batch == 0; }

}  // namespace

LoaderOptions train_loader_options(const TrainJob& job) {
  return {.sequence_len = job.data.sequence_len,
          .micro_batch_size = job.train.micro_batch_size,
          .packing = job.data.sample_packing,
          .sequential = job.data.sample_packing_sequentially,
          .group_by_length = job.data.group_by_length,
          .shuffle = !job.data.curriculum_sampling && job.data.rl != Objective::kto,  // its answers are paired once
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
      objective_(make_objective(job, *opened.model, pool)),
      optimizer_(make_optimizer(opened.model->parameters(), pool, optimizer_options(job, plan_),
                                job.train.schedule.learning_rate)),
      stepper_(*opened.model, pool, *objective_, *optimizer_, job.train),
      schedule_(job.train.schedule, plan_.steps),
      checkpoints_(job, opened, pool, *optimizer_) {
  state_.total_steps = plan_.steps;
  state_.train_examples = static_cast<std::int64_t>(rows.train.size());
  state_.train_tokens = rows.train.tokens();
  state_.run = identity_of(job, rows.train);
}

void Trainer::resume(const std::filesystem::path& checkpoint) {
  TrainerState stored = checkpoints_.resume(checkpoint);
  require_same_run(checkpoint, stored.run, state_.run, job_);
  if (stored.train_examples != state_.train_examples || stored.train_tokens != state_.train_tokens) {
    throw ConfigError("{}: made with {} rows of {} tokens, got {} rows of {}; a run can only go on with the same data",
                      checkpoint.string(), stored.train_examples, stored.train_tokens, state_.train_examples,
                      state_.train_tokens);
  }
  stored.total_steps = state_.total_steps;
  stored.run = state_.run;
  state_ = std::move(stored);
  loader_.seek(state_.cursor);
  schedule_.restore(state_.plateau);
  optimizer_->show_training({});
}

bool Trainer::run(Progress& progress, const RunRequests& requests) {
  begin(progress, requests);
  for (bool stepped = false;; stepped = true) {
    const bool best = evaluate_if_due();
    if (stop_requested()) return stop();
    keep_checkpoint_if_due(stepped, best);
    if (done()) return finish();
    make_step();
  }
}

void Trainer::begin(Progress& progress, const RunRequests& requests) {
  begin_output(job_.train.output_dir);
  metrics_.emplace(job_.train.output_dir / "metrics.jsonl", state_.step);
  add_sink(*metrics_);
  add_sink(progress);
  progress_ = &progress;
  requests_ = requests;
  objective_->before_first_step([&] {
    std::vector<Loader> loaders{train_loader(job_, rows_)};
    if (plan_.eval.active()) loaders.emplace_back(rows_.eval, eval_loader_options(job_));
    return loaders;
  });
}

bool Trainer::done() const {
  const std::int64_t patience = job_.train.early_stopping_patience;
  return state_.step >= plan_.steps || (patience > 0 && state_.evaluations_without_gain >= patience) || astray();
}

bool Trainer::astray() const {
  return job_.train.loss_watchdog_threshold && state_.steps_above_threshold >= job_.train.loss_watchdog_patience;
}

void Trainer::watch_loss(double loss) {
  const auto& threshold = job_.train.loss_watchdog_threshold;
  if (threshold) state_.steps_above_threshold = loss > *threshold ? state_.steps_above_threshold + 1 : 0;
}

bool Trainer::evaluation_due() const {
  if (!plan_.eval.active() || state_.evaluated_step == state_.step) return false;
  return state_.step == 0 || plan_.due(plan_.eval, state_.step, epoch_ended(state_));
}

bool Trainer::stop_requested() const { return requests_.stop && requests_.stop() && (!done() || evaluation_due()); }

bool Trainer::checkpoint_requested() const {
  std::error_code ignored;
  const bool signal = requests_.save && requests_.save();
  return std::filesystem::remove(job_.train.output_dir / kSaveRequest, ignored) || signal;
}

void Trainer::keep_checkpoint_if_due(bool stepped, bool best) {
  const bool last = done() && plan_.save.active();
  const bool first = job_.train.save_first_step && state_.step == 1;
  const bool due = stepped && (last || first || plan_.due(plan_.save, state_.step, epoch_ended(state_)));
  if (!checkpoint_requested() && !due && !(best && job_.train.keeps_best())) return;
  const ShownResult shown(*optimizer_);
  checkpoints_.write(state_, CheckpointKeeper::Need::as_the_options_say, [&](const std::string& line) { say(line); });
}

bool Trainer::stop() {
  const ShownResult shown(*optimizer_);
  checkpoints_.write(state_, CheckpointKeeper::Need::needed, [&](const std::string& line) { say(line); });
  return false;
}

bool Trainer::finish() {
  if (astray()) {
    say(fmt::format("{} steps in a row with a loss above loss_watchdog_threshold: the run ends after step {}",
                    state_.steps_above_threshold, state_.step));
  } else if (state_.step < plan_.steps) {
    say(fmt::format("{} evaluations in a row without a smaller eval_loss: the run ends after step {}",
                    state_.evaluations_without_gain, state_.step));
  }
  optimizer_->show_result();
  checkpoints_.restore_best(state_, [&](const std::string& line) { say(line); });
  save_result(job_, opened_);
  metrics_->flush();
  return true;
}

std::vector<PackedRow> Trainer::draw() {
  std::vector<PackedRow> batches;
  const std::int64_t epoch = loader_.cursor().epoch;
  const auto wanted = static_cast<std::size_t>(job_.train.gradient_accumulation_steps);
  while (batches.size() < wanted && loader_.cursor().epoch == epoch) batches.push_back(loader_.next());
  return batches;
}

void Trainer::make_step() {
  const auto start = Clock::now();
  pool_.reset_peak();
  if (profile_ != nullptr) profile_->begin_step();
  std::vector<PackedRow> batches = draw();
  objective_->prepare(batches);
  const double learning_rate = schedule_.at(state_.step);
  const StepResult result = stepper_.step(batches, learning_rate, state_.step);
  if (profile_ != nullptr) profile_->end_step();
  skipped_ = result.updated ? 0 : skipped_ + 1;
  if (!result.updated) refuse(result, batches);
  watch_loss(result.loss);
  ++state_.step;
  state_.cursor = loader_.cursor();
  const MemoryUse peak = pool_.peak();
  if (peak.total > peak_.total) peak_ = peak;
  record(StepMetrics{.step = state_.step,
                     .loss = result.loss,
                     .grad_norm = result.grad_norm,
                     .learning_rate = learning_rate,
                     .tokens = result.tokens,
                     .label_tokens = result.label_tokens,
                     .seconds = seconds_since(start),
                     .memory = peak.total,
                     .extra = result.extra,
                     .skipped = !result.updated});
  fault_point();
}

void Trainer::refuse(const StepResult& result, const std::vector<PackedRow>& batches) {
  const bool loss = !std::isfinite(result.loss);
  const std::string what = fmt::format("step {}: the {} is {}; {} is not finite; its rows are {}", state_.step + 1,
                                       loss ? "loss" : "norm of the gradient", loss ? result.loss : result.grad_norm,
                                       result.not_finite.empty() ? "only this sum" : result.not_finite,
                                       fmt::join(row_sources(batches, rows_.train), ", "));
  if (job_.train.on_nonfinite_step == OnNonfiniteStep::stop) {
    throw DataError("{}; look at them, lower learning_rate or set on_nonfinite_step: skip", what);
  }
  if (skipped_ == kMostSkipped) throw DataError("{}; it is the {}th such step in a row", what, kMostSkipped);
  say(what + "; skipped");
}

template <class Metrics>
void Trainer::record(const Metrics& metrics) {
  for (Sink& to : sinks_) {
    try {
      to.sink->add(metrics);
      to.fails = false;
    } catch (const FileError& error) {
      if (job_.train.on_save_error == OnSaveError::stop) throw;
      if (!to.fails) say(fmt::format("warning: {}; the lines are written when that is possible", error.what()));
      to.fails = true;
    }
  }
}

bool Trainer::evaluate_if_due() {
  if (stop_requested() || !evaluation_due()) return false;
  const auto start = Clock::now();
  const Loader loader(rows_.eval, eval_loader_options(job_));
  const ShownResult shown(*optimizer_);
  const auto evaluation = evaluate(*opened_.model, pool_, *objective_, loader, requests_.stop);
  if (!evaluation) return false;
  record(EvalMetrics{.step = state_.step,
                     .eval_loss = evaluation->loss,
                     .tokens = evaluation->tokens,
                     .label_tokens = evaluation->label_tokens,
                     .seconds = seconds_since(start),
                     .extra = evaluation->extra});
  schedule_.count_evaluation(evaluation->loss);
  state_.plateau = schedule_.plateau();
  return checkpoints_.count_evaluation(state_, evaluation->loss);
}

}  // namespace eft
