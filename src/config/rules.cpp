#include "config/rules.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "config/preference_rules.h"
#include "data/preference_options.h"

namespace eft {
namespace {

using Config = const RunConfig&;

struct Rule {
  const char* key;
  const char* what;
  bool (*broken)(Config);
};

bool starts_adapter(Config c) { return c.adapter.kind == AdapterKind::lora && c.adapter.model_dir.empty(); }
bool without_adapter(Config c) { return c.adapter.kind == AdapterKind::none; }
bool has_evaluation_rows(Config c) { return c.data.val_set_size > 0 || !c.data.test_datasets.empty(); }
bool evaluates(Config c) {
  const TrainOptions& train = c.train;
  const bool periodic =
      train.eval_steps || train.evals_per_epoch || train.eval_strategy.value_or(Interval::no) != Interval::no;
  return has_evaluation_rows(c) && periodic;
}
bool is_fraction_above_one(double value) { return value >= 1 && value != std::floor(value); }
bool is_fraction_above_one(const std::optional<double>& value) { return value && is_fraction_above_one(*value); }

/// Saving and evaluating have the same keys and the same rules.
bool clashes(const std::optional<Interval>& strategy, const std::optional<double>& steps) {
  return strategy && *strategy != Interval::steps && steps;
}
bool clashes(const std::optional<Interval>& strategy, const std::optional<std::int64_t>& per_epoch) {
  return strategy && *strategy != Interval::steps && per_epoch;
}
bool lacks_steps(const std::optional<Interval>& strategy, bool has_steps) {
  return strategy && *strategy == Interval::steps && !has_steps;
}

bool needs_template(const std::optional<std::string>& name, const std::optional<std::string>& jinja) {
  return name && *name == "jinja" && !jinja;
}
bool ignores_template(const std::optional<std::string>& name, const std::optional<std::string>& jinja) {
  return name && *name != "jinja" && jinja;
}

constexpr std::array kRules = {
    Rule{"lora_r", "not set; adapter: lora needs it", [](Config c) { return starts_adapter(c) && !c.adapter.rank; }},
    Rule{"lora_alpha", "not set; adapter: lora needs it",
         [](Config c) { return starts_adapter(c) && !c.adapter.alpha; }},
    Rule{"lora_target_modules", "not set; adapter: lora needs it, or lora_target_linear: true",
         [](Config c) {
           const AdapterOptions& a = c.adapter;
           return starts_adapter(c) && a.target_modules.empty() && !a.target_linear && a.target_parameters.empty();
         }},
    Rule{"lora_dropout", "does not go with lora_target_parameters, nor does it in PEFT; set lora_dropout: 0",
         [](Config c) { return starts_adapter(c) && !c.adapter.target_parameters.empty() && c.adapter.dropout > 0; }},
    Rule{"lora_target_linear", "does not go with a regular expression; make lora_target_modules a list or remove one",
         [](Config c) { return c.adapter.target_linear && c.adapter.target_modules.is_string; }},
    Rule{"lora_r", "set without adapter: lora, so the whole model would train; add adapter: lora or remove lora_r",
         [](Config c) { return without_adapter(c) && c.adapter.rank; }},
    Rule{"lora_target_modules", "set without adapter: lora; add it or remove lora_target_modules",
         [](Config c) { return without_adapter(c) && !c.adapter.target_modules.empty(); }},
    Rule{"lora_target_linear", "set without adapter: lora; add it or remove lora_target_linear",
         [](Config c) { return without_adapter(c) && c.adapter.target_linear; }},
    Rule{"lora_target_parameters", "set without adapter: lora; add it or remove lora_target_parameters",
         [](Config c) { return without_adapter(c) && !c.adapter.target_parameters.empty(); }},
    Rule{"lora_model_dir", "set without adapter: lora; add it or remove lora_model_dir",
         [](Config c) { return without_adapter(c) && !c.adapter.model_dir.empty(); }},

    Rule{"datasets", "empty, expected at least one dataset",
         [](Config c) { return c.data.datasets.empty() && c.data.pretraining_dataset.empty(); }},
    Rule{"pretraining_dataset", "set beside datasets; remove one",
         [](Config c) { return !c.data.datasets.empty() && !c.data.pretraining_dataset.empty(); }},
    Rule{"pretraining_dataset", "has no end; set max_steps",
         [](Config c) { return !c.data.pretraining_dataset.empty() && !c.train.max_steps; }},
    Rule{"pretraining_dataset", "does not go with val_set_size; use test_datasets",
         [](Config c) { return !c.data.pretraining_dataset.empty() && c.data.val_set_size > 0; }},
    Rule{"streaming", "not supported yet for datasets, which are prepared before training; remove it",
         [](Config c) { return c.data.streaming && c.data.pretraining_dataset.empty(); }},
    Rule{"val_set_size", "set beside test_datasets; remove one",
         [](Config c) { return c.data.val_set_size > 0 && !c.data.test_datasets.empty(); }},
    Rule{"val_set_size", "neither a share below 1 nor a whole number of rows",
         [](Config c) { return is_fraction_above_one(c.data.val_set_size); }},
    Rule{"min_sample_len", "above sequence_len, so every row would be dropped",
         [](Config c) { return c.data.min_sample_len && *c.data.min_sample_len > c.data.sequence_len; }},
    Rule{"group_by_length", "without effect beside sample_packing; remove one",
         [](Config c) { return c.data.group_by_length && c.data.sample_packing; }},
    Rule{"eval_sequence_len", "without effect unless there are test_datasets; remove it",
         [](Config c) { return c.data.eval_sequence_len && c.data.test_datasets.empty(); }},
    Rule{"chat_template", "jinja needs the template's text or path in chat_template_jinja",
         [](Config c) { return needs_template(c.data.chat_template, c.data.chat_template_jinja); }},
    Rule{"chat_template_jinja", "without effect unless chat_template is jinja; remove one",
         [](Config c) { return ignores_template(c.data.chat_template, c.data.chat_template_jinja); }},

    Rule{"optim_args", "set for an optimizer that takes none; use optimizer: sgd or remove it",
         [](Config c) {
           return c.train.optimizer.kind != OptimizerKind::sgd && c.train.optimizer.sgd != SgdOptions();
         }},
    Rule{"optim_args", "nesterov needs momentum above 0 and dampening: 0, as in torch",
         [](Config c) {
           const SgdOptions& sgd = c.train.optimizer.sgd;
           return sgd.nesterov && (sgd.momentum == 0 || sgd.dampening != 0);
         }},
    Rule{"warmup_ratio", "set beside warmup_steps; remove one",
         [](Config c) { return c.train.schedule.warmup_ratio && c.train.schedule.warmup_steps; }},
    Rule{"save_steps", "set beside saves_per_epoch; remove one",
         [](Config c) { return c.train.save_steps && c.train.saves_per_epoch; }},
    Rule{"save_steps", "neither a share below 1 nor a whole number of steps",
         [](Config c) { return is_fraction_above_one(c.train.save_steps); }},
    Rule{"save_strategy", "contradicts save_steps; use steps or remove save_steps",
         [](Config c) { return clashes(c.train.save_strategy, c.train.save_steps); }},
    Rule{"save_strategy", "contradicts saves_per_epoch; remove one",
         [](Config c) { return clashes(c.train.save_strategy, c.train.saves_per_epoch); }},
    Rule{"save_strategy", "steps needs save_steps or saves_per_epoch",
         [](Config c) { return lacks_steps(c.train.save_strategy, c.train.save_steps || c.train.saves_per_epoch); }},
    Rule{"eval_steps", "set beside evals_per_epoch; remove one",
         [](Config c) { return c.train.eval_steps && c.train.evals_per_epoch; }},
    Rule{"eval_steps", "neither a share below 1 nor a whole number of steps",
         [](Config c) { return is_fraction_above_one(c.train.eval_steps); }},
    Rule{"eval_strategy", "contradicts eval_steps; use steps or remove eval_steps",
         [](Config c) { return clashes(c.train.eval_strategy, c.train.eval_steps); }},
    Rule{"eval_strategy", "contradicts evals_per_epoch; remove one",
         [](Config c) { return clashes(c.train.eval_strategy, c.train.evals_per_epoch); }},
    Rule{"eval_strategy", "steps needs eval_steps or evals_per_epoch",
         [](Config c) { return lacks_steps(c.train.eval_strategy, c.train.eval_steps || c.train.evals_per_epoch); }},
    Rule{"eval_steps", "nothing to evaluate on; set val_set_size or test_datasets, or remove eval_steps",
         [](Config c) { return c.train.eval_steps && !has_evaluation_rows(c); }},
    Rule{"eval_strategy", "nothing to evaluate on; set val_set_size or test_datasets, or remove eval_strategy",
         [](Config c) {
           return c.train.eval_strategy && *c.train.eval_strategy != Interval::no && !has_evaluation_rows(c);
         }},

    Rule{"early_stopping_patience",
         "nothing is evaluated; set eval_steps, evals_per_epoch or eval_strategy, and val_set_size or test_datasets",
         [](Config c) { return c.train.early_stopping_patience > 0 && !evaluates(c); }},
    Rule{"load_best_model_at_end",
         "nothing is evaluated; set eval_steps, evals_per_epoch or eval_strategy, and val_set_size or test_datasets",
         [](Config c) { return c.train.load_best_model_at_end.value_or(false) && !evaluates(c); }},

    Rule{"ple_cpu_offload", "without adapter: lora the table is trained; add it or remove the key",
         [](Config c) { return c.train.ple_cpu_offload && without_adapter(c); }},

    Rule{"cuda_graphs", "does not go with device: cpu; remove one",
         [](Config c) { return c.train.cuda_graphs && c.train.device == DeviceChoice::cpu; }},

    Rule{"float32", "contradicts bf16: true; remove one",
         [](Config c) { return c.train.float32 && (c.train.bf16 == AutoBool::on || c.train.bfloat16); }},
    Rule{"bfloat16", "contradicts bf16: false; remove one",
         [](Config c) { return c.train.bfloat16 && c.train.bf16 == AutoBool::off; }},
};

void add_dataset_rules(const std::vector<DatasetOptions>& datasets, const std::string& key, std::optional<Objective> rl,
                       std::vector<BrokenRule>& broken) {
  for (std::size_t i = 0; i < datasets.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", key, i);
    const DatasetOptions& dataset = datasets[i];
    if (needs_template(dataset.chat_template, dataset.chat_template_jinja)) {
      broken.push_back({path + ".chat_template", "jinja needs the template's text or path in chat_template_jinja"});
    }
    if (ignores_template(dataset.chat_template, dataset.chat_template_jinja)) {
      broken.push_back({path + ".chat_template_jinja", "without effect unless chat_template is jinja; remove one"});
    }
    const std::string fault = preference_fault(dataset.type, rl);
    if (!fault.empty()) broken.push_back({path + ".type", fault});
  }
}

}  // namespace

std::vector<BrokenRule> broken_rules(const RunConfig& config) {
  std::vector<BrokenRule> broken;
  for (const Rule& rule : kRules) {
    const auto same_key = [&](const BrokenRule& other) { return other.key == rule.key; };
    if (rule.broken(config) && std::ranges::none_of(broken, same_key)) broken.push_back({rule.key, rule.what});
  }
  add_dataset_rules(config.data.datasets, "datasets", config.data.rl, broken);
  add_dataset_rules(config.data.test_datasets, "test_datasets", config.data.rl, broken);
  add_preference_rules(config, broken);
  return broken;
}

void add_idle_notes(const RunConfig& config, Notes& notes) {
  const TrainOptions& train = config.train;
  add_preference_notes(config, notes);
  if (config.tokens.special_tokens || !config.tokens.tokens.empty()) {
    notes.push_back("special_tokens and tokens add nothing: they must be those that the tokenizer has");
  }
  if (train.evals_per_epoch && !has_evaluation_rows(config)) {
    notes.push_back("evals_per_epoch has no effect: neither val_set_size nor test_datasets is set");
  }
  if (config.data.sample_packing_sequentially && !config.data.sample_packing) {
    notes.push_back("sample_packing_sequentially has no effect without sample_packing: true");
  }
  if (train.schedule.kind == ScheduleKind::constant && (train.schedule.warmup_steps || train.schedule.warmup_ratio)) {
    notes.push_back("the warm-up has no effect with lr_scheduler: constant; constant_with_warmup has one");
  }
}

}  // namespace eft
