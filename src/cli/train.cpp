#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hub_cache.h"
#include "cli/command.h"
#include "cli/key_flags.h"
#include "cli/run_signals.h"
#include "cli/standard_streams.h"
#include "cli/sweep.h"
#include "cli/terminal.h"
#include "cli/train_job.h"
#include "models/adapter.h"
#include "report/words.h"
#include "text/chat_template.h"
#include "train/run.h"

namespace eft {
namespace {

/// Asked to stop, and a checkpoint was written: unlike an error (2 to 5) and the end by a signal (128 and more in a
/// shell).
constexpr int kStopped = 6;

/// The budget of a plan is below the lowest setting.
constexpr int kDoesNotFit = 7;

struct Arguments {
  std::filesystem::path config;
  KeyFlags keys;
  bool dry_run = false;
  bool verbose = false;
  bool json = false;
  bool profile = false;
  std::filesystem::path sweep;
};

CLI::App* add_run_command(CLI::App& app, const std::shared_ptr<Arguments>& arguments, const char* name,
                          const char* description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->add_option("config", arguments->config, "YAML file of the run, in Axolotl's spelling")->required();
  arguments->keys.add_to(*command);
  return command;
}

/// Output that cannot be written costs the output, not the run. Asks for a checkpoint once, when that happens.
class OutputWatch {
 public:
  bool asks_for_checkpoint() {
    if (told_ || !output_failed()) return false;
    told_ = true;
    std::fprintf(
        stderr,
        "warning: standard output cannot be written, the disk is full or who reads it is gone; the run goes on, "
        "metrics.jsonl has its lines\n");
    return true;
  }

 private:
  bool told_ = false;
};

int train(const Arguments& arguments, const std::vector<std::string>& overrides) {
  TrainJob job = read_job(arguments.config, overrides);
  listen_for_save();
  OutputWatch output;
  const RunRequests requests{.stop = [] { return stop_was_asked() != nullptr; },
                             .save = [&] { return output.asks_for_checkpoint() || save_was_asked(); }};
  const RunEnd end = run_training(std::move(job), {.terminal = standard_output(),
                                                   .dry_run = arguments.dry_run,
                                                   .verbose = arguments.verbose,
                                                   .json = arguments.json,
                                                   .profile = arguments.profile,
                                                   .requests = requests,
                                                   .before_first_step = listen_for_stop});
  if (end != RunEnd::stopped) return 0;
  std::fprintf(stderr, "stopped by %s after a step; resume_from_checkpoint: true goes on from the checkpoint\n",
               stop_was_asked());
  return kStopped;
}

/// The run that is asked for, or each of a sweep.
int train(const Arguments& arguments) {
  const std::vector<std::string> given = arguments.keys.overrides();
  if (arguments.sweep.empty()) return train(arguments, given);
  const std::filesystem::path output_dir = read_job(arguments.config, given).train.output_dir;
  return run_sweep(arguments.sweep, output_dir, kStopped, [&](const std::vector<std::string>& overrides) {
    std::vector<std::string> all = given;
    all.insert(all.end(), overrides.begin(), overrides.end());
    return train(arguments, all);
  });
}

std::int64_t budget_of(const std::string& text) {
  const auto bytes = parse_size(text);
  if (!bytes) throw ConfigError("--budget: {}: no size, expected a number and a unit as in 8GB or 7.5GiB", text);
  return *bytes;
}

nlohmann::ordered_json json_of(const Evaluation& result) {
  nlohmann::ordered_json object{{"eval_loss", result.loss}};
  if (result.extra.empty()) object["perplexity"] = std::exp(result.loss);  // of no other loss
  object["tokens"] = result.tokens;
  object["label_tokens"] = result.label_tokens;
  for (const auto& [name, value] : result.extra) object["eval_" + name] = value;
  return object;
}

std::string json_of(const EvaluationReport& report) {
  nlohmann::ordered_json object = json_of(report.total);
  object["rows"] = report.on_training_rows ? "training" : "evaluation";
  object["datasets"] = nlohmann::ordered_json::array();
  for (const auto& dataset : report.datasets) {
    nlohmann::ordered_json item{{"path", dataset.path}};
    item.update(json_of(dataset.result));
    object["datasets"].push_back(std::move(item));
  }
  return object.dump();
}

/// An adapter brings the tokenizer and the template that it was trained with; a run may name another template.
void take_adapter(TrainJob& job, const std::filesystem::path& adapter) {
  job.adapter = read_adapter_options(adapter);
  if (ChatTemplate::in_model(adapter) && std::filesystem::exists(adapter / "tokenizer.json")) job.tokenizer = adapter;
}

std::string text_of(const Evaluation& result) {
  if (!result.extra.empty()) {
    std::string text = fmt::format("eval_loss {:.4f}", result.loss);
    for (const auto& [name, value] : result.extra) text += fmt::format("  {} {:.4f}", name, value);
    return text;
  }
  return fmt::format("eval_loss {:.4f}  perplexity {:.3f}  ({} label tokens)", result.loss, std::exp(result.loss),
                     result.label_tokens);
}

/// The sum last, and alone where there is one dataset.
std::string text_of(const EvaluationReport& report) {
  std::string text;
  for (const auto& dataset : report.datasets) {
    if (report.datasets.size() > 1) text += text_of(dataset.result) + "  " + dataset.path + "\n";
  }
  text += text_of(report.total);
  if (report.on_training_rows) text += "\non the training rows: neither test_datasets nor val_set_size is set";
  return text;
}

}  // namespace

void add_train_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_run_command(app, arguments, "train", "Fine-tune a model as a YAML file says.");
  add_examples(*command, {"eft train run.yaml", "eft train run.yaml --dry-run",
                          "eft train run.yaml --learning-rate 1e-4 --output-dir outputs/other",
                          "eft train run.yaml --sweep rates.yaml"});
  command->add_flag("--dry-run", arguments->dry_run, "Say everything about the run and stop before the first step");
  command->add_flag("--verbose", arguments->verbose, "Name every tensor and kernel, and what the memory is for");
  command->add_flag("--json", arguments->json, "Say it as one JSON object");
  command->add_flag("--profile", arguments->profile,
                    "Time every kernel: a table at the end, and trace.json in output_dir");
  command->add_option(
      "--sweep", arguments->sweep,
      "YAML file of keys with lists of values: a run for every combination, in output_dir/sweep0001 and "
      "so on; the same line again goes on");
  command->callback([arguments, &exit_code] { exit_code = train(*arguments); });
}

void add_evaluate_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_run_command(
      app, arguments, "evaluate",
      "Loss and perplexity of a run's model, or of --adapter, on its evaluation rows, else on those it trains on.");
  add_examples(*command, {"eft evaluate run.yaml", "eft evaluate run.yaml --adapter outputs/run"});
  auto adapter = std::make_shared<std::filesystem::path>();
  command->add_option("--adapter", *adapter, "PEFT adapter to evaluate with: a folder, or a hub name in the cache");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, adapter] {
    TrainJob job = read_job(arguments->config, arguments->keys.overrides());
    if (!adapter->empty()) take_adapter(job, local_model(*adapter));
    const EvaluationReport report = run_evaluation(job);
    std::printf("%s\n", arguments->json ? json_of(report).c_str() : text_of(report).c_str());
  });
}

void add_plan_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      add_run_command(app, arguments, "plan", "The memory that a run's steps will need, without loading the model.");
  add_examples(*command, {"eft plan run.yaml", "eft plan run.yaml --budget 8GB --set sequence_len=2048"});
  command->add_flag("--json", arguments->json, "Print one JSON object");
  auto options = std::make_shared<PlanOptions>();
  auto budget = std::make_shared<std::string>();
  command->add_option("--device", options->device, "Plan for cpu or cuda, which need not be there")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  command->add_option("--budget", *budget,
                      "Memory to stay within (8GB): says what to lower, ends with 7 if nothing fits");
  command->callback([arguments, options, budget, &exit_code] {
    if (!budget->empty()) options->budget = budget_of(*budget);
    const MemoryPlan plan = run_plan(read_job(arguments->config, arguments->keys.overrides()), *options);
    std::printf("%s", arguments->json ? (to_json(plan) + "\n").c_str() : to_text(plan).c_str());
    exit_code = plan.can_fit() ? 0 : kDoesNotFit;
  });
}

}  // namespace eft
