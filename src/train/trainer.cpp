#include "train/trainer.h"

#include <fmt/ranges.h>

#include <chrono>
#include <cmath>

#include "train/memory_plan.h"
#include "train/row_sources.h"
#include "train/save.h"
#include "train/staged_folder.h"

namespace eft {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::int64_t tokens_of(std::span<const Example> examples) {
  std::int64_t tokens = 0;
  for (const Example& example : examples) tokens += static_cast<std::int64_t>(example.tokens.size());
  return tokens;
}

}  // namespace

LoaderOptions train_loader_options(const TrainJob& job) {
  return {.sequence_len = job.data.sequence_len,
          .micro_batch_size = job.train.micro_batch_size,
          .packing = job.data.sample_packing,
          .shuffle = !job.data.curriculum_sampling,
          .seed = static_cast<std::uint64_t>(job.train.seed)};
}

Trainer::Trainer(const TrainJob& job, OpenedModel& opened, Pool& pool, TrainRows rows)
    : job_(job),
      opened_(opened),
      pool_(pool),
      rows_(rows),
      loader_(rows.train, train_loader_options(job)),
      plan_(plan_steps(job.train, loader_.batches_per_epoch(), !rows.eval.empty())),
      optimizer_(opened.model->parameters(), pool, adamw_options(job.train)),
      stepper_(*opened.model, pool, optimizer_, stepper_options(job.train)),
      schedule_(job.train.lr_scheduler, job.train.learning_rate, plan_.warmup_steps, plan_.steps) {
  state_.total_steps = plan_.steps;
  state_.train_examples = static_cast<std::int64_t>(rows.train.size());
  state_.train_tokens = tokens_of(rows.train);
}

void Trainer::resume(const std::filesystem::path& checkpoint) {
  const TrainerState stored = load_checkpoint(checkpoint, job_, opened_, pool_, optimizer_);
  if (stored.train_examples != state_.train_examples || stored.train_tokens != state_.train_tokens) {
    throw ConfigError("{}: made with {} rows of {} tokens, got {} rows of {}; a run can only go on with the same data",
                      checkpoint.string(), stored.train_examples, stored.train_tokens, state_.train_examples,
                      state_.train_tokens);
  }
  loader_.seek(stored.cursor);
  state_.step = stored.step;
  state_.cursor = stored.cursor;
  const auto own = std::filesystem::weakly_canonical(checkpoint).parent_path();
  if (own == std::filesystem::weakly_canonical(job_.train.output_dir)) checkpoints_ = list_checkpoints(own);
}

bool Trainer::run(Progress& progress, const std::function<bool()>& stop) {
  with_file_errors([&] { std::filesystem::create_directories(job_.train.output_dir); });
  metrics_.emplace(job_.train.output_dir / "metrics.jsonl", state_.step);
  if (state_.step == 0 && plan_.eval.active()) evaluate_now(progress, stop);
  while (state_.step < plan_.steps) {
    const std::int64_t epoch = loader_.cursor().epoch;
    const StepMetrics metrics = train_step(draw());
    metrics_->add(metrics);
    progress.step(metrics);
    const bool epoch_ended = loader_.cursor().epoch != epoch;
    const bool stopping = stop && stop() && state_.step < plan_.steps;
    if (!stopping && plan_.due(plan_.eval, state_.step, epoch_ended)) evaluate_now(progress, stop);
    if (stopping || plan_.due(plan_.save, state_.step, epoch_ended)) save_checkpoint_now(progress);
    if (stopping) return false;
  }
  save_result(job_, opened_);
  return true;
}

std::vector<PackedRow> Trainer::draw() {
  std::vector<PackedRow> batches;
  const std::int64_t epoch = loader_.cursor().epoch;
  const auto wanted = static_cast<std::size_t>(job_.train.gradient_accumulation_steps);
  while (batches.size() < wanted && loader_.cursor().epoch == epoch) batches.push_back(loader_.next());
  return batches;
}

StepMetrics Trainer::train_step(const std::vector<PackedRow>& batches) {
  const auto start = Clock::now();
  pool_.reset_peak();
  const double learning_rate = schedule_.at(state_.step);
  const StepResult result = stepper_.step(batches, learning_rate, state_.step);
  if (!result.updated) refuse(result, batches);
  ++state_.step;
  state_.cursor = loader_.cursor();
  const MemoryUse peak = pool_.peak();
  if (peak.total > peak_.total) peak_ = peak;
  return {.step = state_.step,
          .loss = result.loss,
          .grad_norm = result.grad_norm,
          .learning_rate = learning_rate,
          .tokens = result.tokens,
          .label_tokens = result.label_tokens,
          .seconds = seconds_since(start),
          .memory = peak.total};
}

void Trainer::refuse(const StepResult& result, const std::vector<PackedRow>& batches) const {
  const bool loss = !std::isfinite(result.loss);
  throw DataError("step {}: the {} is {}; its rows are {}; look at them, or lower learning_rate", state_.step + 1,
                  loss ? "loss" : "norm of the gradient", loss ? result.loss : result.grad_norm,
                  fmt::join(row_sources(batches, rows_.train), ", "));
}

void Trainer::evaluate_now(Progress& progress, const std::function<bool()>& stop) {
  const auto start = Clock::now();
  LoaderOptions options = train_loader_options(job_);
  options.packing = job_.data.eval_sample_packing.value_or(options.packing);
  options.shuffle = false;
  const auto evaluation = evaluate(*opened_.model, pool_, Loader(rows_.eval, options), stop);
  if (!evaluation) return;
  const EvalMetrics metrics{.step = state_.step,
                            .eval_loss = evaluation->loss,
                            .tokens = evaluation->tokens,
                            .label_tokens = evaluation->label_tokens,
                            .seconds = seconds_since(start)};
  metrics_->add(metrics);
  progress.evaluation(metrics);
}

void Trainer::save_checkpoint_now(Progress& progress) {
  const auto folder = save_checkpoint(job_, opened_, optimizer_, state_);
  progress.say("wrote " + folder.string());
  std::erase(checkpoints_, folder);
  checkpoints_.push_back(folder);
  with_file_errors([&] {
    while (static_cast<std::int64_t>(checkpoints_.size()) > job_.train.save_total_limit) {
      std::filesystem::remove_all(checkpoints_.front());
      checkpoints_.erase(checkpoints_.begin());
    }
  });
}

}  // namespace eft
