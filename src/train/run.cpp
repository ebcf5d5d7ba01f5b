#include "train/run.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/owned_folder.h"
#include "base/process.h"
#include "data/formats/chat_format.h"
#include "data/dataset.h"
#include "data/token_check.h"
#include "models/model_folder.h"
#include "ops/support/profiler.h"
#include "report/page.h"
#include "report/profile_report.h"
#include "report/run_end.h"
#include "report/words.h"
#include "tensor/device_memory.h"
#include "train/plan/budget.h"
#include "train/checkpoints/checkpoint.h"
#include "train/checkpoints/checkpoint_files.h"
#include "train/checkpoints/output_folder.h"
#include "train/job/facts.h"
#include "train/plan/forward_check.h"
#include "train/plan/memory_plan.h"
#include "train/loop/trainer.h"

namespace eft {
namespace {

/// Bytes that a run on `device` may still take; 0: unknown.
std::int64_t available_on(Device device) {
  if (device == Device::cpu) return available_memory();
  const auto* memory = device_memory.peek(device);
  return memory != nullptr ? memory->available() : 0;
}

PackedRow largest_train_batch(const TrainJob& job, const PreparedData& data) {
  const LoaderOptions options = train_loader_options(job);
  return data.stream ? full_batch(options) : largest_batch(Loader(data.train, options));
}

/// The template of the first dataset that has one, to be kept with the result.
std::string chat_template_of(const TrainJob& job, const Tokenizer& tokenizer) {
  for (const DatasetOptions& dataset : job.data.datasets) {
    if (dataset.type != DatasetType::chat_template) continue;
    return choose_template(dataset, job.data, job.tokenizer, tokenizer).source();
  }
  return "";
}

struct LoadedData {
  PreparedData rows;
  std::string chat_template;
};

/// The tokenizer goes before the model comes: only rows that are made while training need it any longer.
LoadedData load_data(const TrainJob& job) {
  check_model_folder(job.base_model);  // it may be no model at all, of whose tokenizer nothing need be said
  CheckpointFiles{job.base_model};     // or while a shard is missing
  const std::int64_t vocabulary = vocabulary_of(job);
  LoadedData data;
  {
    const Tokenizer tokenizer = Tokenizer::load(job.tokenizer);
    check_tokens(job.tokens, tokenizer);
    data.chat_template = chat_template_of(job, tokenizer);
    data.rows = prepare_data(job.data, job.tokenizer, tokenizer, job.train.seed, vocabulary, media_of(job));
  }
  give_back_heap();
  return data;
}

/// The checkpoint to go on from, if any.
std::optional<std::filesystem::path> resumed_checkpoint(const TrainOptions& options) {
  const std::string asked = options.resume_from_checkpoint.string();
  const bool latest = asked == "true" || (asked.empty() && options.auto_resume_from_checkpoints);
  if (!latest) return asked.empty() || asked == "false" ? std::nullopt : std::optional(options.resume_from_checkpoint);
  const auto all = list_checkpoints(options.output_dir);
  if (!all.empty()) return all.back();
  if (asked.empty()) return std::nullopt;
  throw FileError("{}: holds no checkpoint; remove resume_from_checkpoint to start anew", options.output_dir.string());
}

/// What the user should know about files that are in output_dir already.
void note_earlier_files(const std::filesystem::path& folder, std::vector<std::string>& notes) {
  const bool result = std::filesystem::exists(folder / "adapter_model.safetensors") ||
                      std::filesystem::exists(folder / "model.safetensors") ||
                      std::filesystem::exists(folder / "model.safetensors.index.json");
  if (result) notes.push_back(folder.string() + " holds an earlier result, which this run replaces when it ends");
  for (const auto& checkpoint : list_checkpoints(folder)) {
    notes.push_back(checkpoint.string() +
                    " is of an earlier run and stays, unless this one writes a checkpoint of that step");
  }
}

void resume_if_asked(const TrainJob& job, Trainer& trainer, std::vector<std::string>& notes) {
  const auto from = resumed_checkpoint(job.train);
  if (!from) return note_earlier_files(job.train.output_dir, notes);
  trainer.resume(*from);
  notes.push_back("goes on from " + from->string());
  if (!keeps_identity(*from)) {
    notes.push_back(from->string() +
                    " was written by an earlier eft: that rows, tokenizer and base_model are the same cannot be told");
  }
  if (trainer.step() >= trainer.plan().steps) {
    notes.push_back(fmt::format(
        "nothing is left to train: {} steps are made and the run has {}, so only the result is written; raise "
        "num_epochs or max_steps to go on",
        trainer.step(), trainer.plan().steps));
  }
  for (const std::string& line : changed_options(*from, job)) notes.push_back("changed since the checkpoint: " + line);
}

/// A line for a reader, not for a program.
void print(const RunOptions& options, const std::string& text) {
  if (options.terminal.stream == nullptr || options.json) return;
  std::fputs(text.c_str(), options.terminal.stream);
  std::fflush(options.terminal.stream);
}

void print(const RunOptions& options, std::string_view title, std::string_view text) {
  Page page(options.terminal.colours);
  page.add(title, text);
  print(options, page.text());
}

/// The same model in float32, where rounding does not hide or feign a difference.
ForwardCheck check_forward_exactly(const TrainJob& job, const PreparedData& data) {
  Pool pool(resolve_device(job.train.device));
  TrainJob exact = job;
  exact.train.bfloat16 = false;
  exact.train.float32 = true;
  if (job.trains_adapter()) return check_forward(*open_for_training(exact, pool).model, pool, data.train);
  const LoadOptions frozen{.dtype = DType::f32,
                           .train_base = false,
                           .adapter = {},
                           .vision = data.train.media() != nullptr ? Vision::wanted : Vision::none};
  return check_forward(*open_model(job.base_model, frozen, pool).model, pool, data.train);
}

/// Training and generation must compute the same model: lost keys and values show here, before the first step. Some
/// models, random ones for instance, let the rounding of bfloat16 grow through their layers; float32 decides then.
/// Returns the seconds that a token took in a forward.
double require_equal_forward(const TrainJob& job, const OpenedModel& opened, Pool& pool, const PreparedData& data,
                             const RunOptions& options) {
  const double start = process_seconds();
  ForwardCheck check = check_forward(*opened.model, pool, data.train);
  const double seconds = process_seconds() - start;
  pool.trim();  // steps take blocks of other sizes
  if (!check.pass() && opened.model->dtype() == DType::bf16) {
    forget_mapped(opened.model->parameters(), Forget::all);  // the other model maps the same files
    check = check_forward_exactly(job, data);
  }
  const std::string text =
      fmt::format("{:.1e} apart on {} of {}", check.error, counted(check.rows, "row"), counted(check.tokens, "token"));
  if (!check.pass()) {
    throw DataError("{}: the training forward and the cached forward are {}, expected at most {:.0e}",
                    opened.folder.string(), text, check.tolerance);
  }
  print(options, "check", "training forward and cached forward agree: " + text);
  return seconds / static_cast<double>(2 * std::max<std::int64_t>(check.tokens, 1));
}

/// How long the steps that are left will take, by what a token took in a forward: a backward pass takes twice as long,
/// and blocks that are recomputed a forward more. Nothing where the tokens are not known beforehand.
std::string expected_time(const RunFacts& facts, double seconds_a_token) {
  if (facts.tokens == 0 || facts.steps_per_epoch == 0) return "";
  const double a_step = static_cast<double>(facts.tokens) / static_cast<double>(facts.steps_per_epoch);
  const double tokens = a_step * static_cast<double>(facts.steps - facts.first_step);
  const double seconds = seconds_a_token * tokens * (facts.recompute ? 4 : 3);
  return fmt::format("about {} for {}; ", format_seconds(seconds), counted(facts.steps - facts.first_step, "step"));
}

/// Rows by the file that they came from, "rows.jsonl" of "rows.jsonl:12".
std::vector<std::pair<std::string, Examples>> by_file(const Examples& rows) {
  std::vector<std::pair<std::string, std::vector<std::uint32_t>>> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view file = rows[i].file;
    auto group = std::ranges::find(groups, file, [](const auto& one) { return one.first; });
    if (group == groups.end()) group = groups.insert(groups.end(), {std::string(file), {}});
    group->second.push_back(static_cast<std::uint32_t>(i));
  }
  std::vector<std::pair<std::string, Examples>> files;
  for (const auto& [file, indices] : groups) files.emplace_back(file, rows.select(indices));
  return files;
}

void print_end(const TrainJob& job, const RunOptions& options, const RunCourse& course, const Trainer& trainer,
               const MemoryFacts& planned, bool finished) {
  const RunEndFacts facts{.course = course,
                          .base_model = job.model_name(),
                          .adapter = job.trains_adapter(),
                          .output_dir = job.train.output_dir.string(),
                          .finished = finished,
                          .peak = trainer.peak().total,
                          .peak_process = peak_resident_memory(),
                          .planned = planned};
  print(options, to_text(facts, options.terminal.colours));
}

/// The kernels of a run's steps, timed while it lives.
class TimedRun {
 public:
  TimedRun(Trainer& trainer, Device device)
      : profile_(make_profile(device, kTracedSteps)), profiler_(profile_, device) {
    trainer.watch(profile_);
  }
  /// Prints the table and writes trace.json.
  void report(const std::filesystem::path& folder, const RunOptions& options) const {
    const auto trace = folder / "trace.json";
    OwnedFolder(folder).claim({"trace.json"});
    write_trace(trace, profile_);
    print(options, to_text(profile_));
    print(options, "trace", trace.string() + " for chrome://tracing or ui.perfetto.dev");
  }

 private:
  static constexpr std::int64_t kTracedSteps = 3;
  Profile profile_;
  Profiler profiler_;
};

void check_profile(const TrainJob& job, const RunOptions& options) {
  const Device device = resolve_device(job.train.device);
  if (!options.profile || device == Device::cpu) return;
  throw ConfigError("--profile: times the kernels of the cpu, the run is on {}; use device: cpu", name_of(device));
}

void prepare_recording(Device device) {
  const auto* memory = memory_of(device);
  if (memory == nullptr) throw ConfigError("cuda_graphs: the run is on the cpu; remove the key or set device: cuda");
  memory->recording.prepare();
}

/// All of a run that needs the model and its memory.
RunEnd run_steps(const TrainJob& job, const PreparedData& data, const MemoryFacts& memory, const RunOptions& options) {
  const Device device = resolve_device(job.train.device);
  if (job.train.cuda_graphs) prepare_recording(device);
  Pool pool(device);
  OpenedModel opened = open_for_training(job, pool);
  Trainer trainer(job, opened, pool, {data.train, data.eval, data.stream});

  std::vector<std::string> resume_notes;
  resume_if_asked(job, trainer, resume_notes);
  RunFacts facts = collect_facts(job, opened, data, trainer);
  facts.notes.insert(facts.notes.end(), resume_notes.begin(), resume_notes.end());
  facts.memory = memory;
  print(options, to_text(facts, options.verbose, options.terminal.colours));
  if (options.json && options.terminal.stream != nullptr)
    std::fprintf(options.terminal.stream, "%s\n", to_json(facts).c_str());
  if (options.dry_run) return RunEnd::planned;

  const double seconds_a_token = require_equal_forward(job, opened, pool, data, options);
  Progress progress(options.json ? Terminal{} : options.terminal, trainer.step(), trainer.plan().steps,
                    trainer.plan().logging_steps, data.stream ? 0 : trainer.plan().steps_per_epoch);
  print(options, "time",
        fmt::format("{}the first step begins {:.2f} s after the start of the process",
                    expected_time(facts, seconds_a_token), process_seconds()));
  if (options.before_first_step) options.before_first_step();
  std::optional<TimedRun> timed;
  if (options.profile) timed.emplace(trainer, device);
  const bool finished = trainer.run(progress, options.requests);
  progress.finish();
  if (timed) timed->report(job.train.output_dir, options);
  print_end(job, options, progress.course(), trainer, facts.memory, finished);
  return finished ? RunEnd::finished : RunEnd::stopped;
}

}  // namespace

RunEnd run_training(TrainJob job, const RunOptions& options) {
  // A checkpoint that is named tells its own faults first.
  const std::filesystem::path& named = job.train.resume_from_checkpoint;
  if (!named.empty() && named != "true" && named != "false") read_state(named);
  check_output_folder(job);
  std::optional<OutputFolder> output;
  if (!options.dry_run) output.emplace(job.train.output_dir);
  if (const auto from = resumed_checkpoint(job.train)) read_state(*from);
  check_profile(job, options);
  const auto [data, chat_template] = load_data(job);
  job.chat_template = chat_template;
  // Before the model takes its memory, and before whatever depends on gradient_checkpointing.
  const Device device = resolve_device(job.train.device);
  const PackedRow largest = largest_train_batch(job, data);
  const auto [memory, recompute, note] = fit_memory(job, largest, available_on(device), device);
  if (recompute) job.train.gradient_checkpointing = true;
  if (!note.empty()) job.notes.push_back(note);
  if (output) output->require_space(checkpoint_bytes(job, memory));
  try {
    return run_steps(job, data, memory, options);
  } catch (const OutOfMemory& error) {
    throw with_plan(error, job, largest, memory);
  }
}

namespace {

/// All datasets as one: means weighted by what their rows weigh.
Evaluation together(const std::vector<EvaluationReport::Dataset>& datasets) {
  Evaluation total;
  for (const auto& [path, result] : datasets) {
    total.weight += result.weight;
    total.tokens += result.tokens;
    total.label_tokens += result.label_tokens;
  }
  for (const auto& [path, result] : datasets) {
    const double share = result.weight / std::max(total.weight, 1.0);
    total.loss += share * result.loss;
    for (const auto& [name, value] : result.extra) {
      auto found = std::ranges::find(total.extra, name, &MetricValues::value_type::first);
      if (found == total.extra.end()) found = total.extra.insert(found, {name, 0.0});
      found->second += share * value;
    }
  }
  return total;
}

}  // namespace

EvaluationReport run_evaluation(const TrainJob& job) {
  resolve_device(job.train.device);
  const PreparedData data = load_data(job).rows;
  if (data.stream && data.eval.empty()) throw ConfigError("test_datasets: not set, so nothing to evaluate on");
  const Examples& rows = data.eval.empty() ? data.train : data.eval;
  Pool pool(resolve_device(job.train.device));
  const OpenedModel opened = open_for_training(job, pool);
  const auto objective = make_objective(job, *opened.model, pool);
  EvaluationReport report;
  report.on_training_rows = data.eval.empty();
  for (const auto& [file, group] : by_file(rows)) {
    const Loader loader(group, eval_loader_options(job));
    objective->before_first_step([&] { return std::vector{loader}; });
    report.datasets.push_back({file, *evaluate(*opened.model, pool, *objective, loader, {})});
  }
  report.total = together(report.datasets);
  return report;
}

MemoryPlan run_plan(TrainJob job, const PlanOptions& options) {
  Device device = options.device == name_of(Device::cuda) ? Device::cuda : Device::cpu;
  if (options.device.empty()) device = resolve_device(job.train.device);
  const PreparedData data = load_data(job).rows;
  const PackedRow largest = largest_train_batch(job, data);
  if (options.budget > 0) return plan_for_budget(job, largest, plan_memory(job, largest, device), options.budget);
  return {.memory = fit_memory(job, largest, available_on(device), device).memory, .budget = 0, .tried = {}};
}

}  // namespace eft
