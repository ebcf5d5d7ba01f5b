#include "config/rules.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/ranges.h>

#include "base/error.h"
#include "base/regex.h"
#include "config/keys.h"
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

bool without_adapter(Config c) { return c.adapter.kind == AdapterKind::none; }
bool starts_adapter(Config c) { return !without_adapter(c) && c.adapter.model_dir.empty(); }
bool packs(Config c) { return c.quant.four_bits || c.quant.eight_bits; }
bool is_optimizer(Config c, std::initializer_list<OptimizerKind> kinds) {
  return std::ranges::find(kinds, c.train.optimizer.kind) != kinds.end();
}
bool is_schedule(Config c, std::initializer_list<ScheduleKind> kinds) {
  return std::ranges::find(kinds, c.train.schedule.kind) != kinds.end();
}
bool has_evaluation_rows(Config c) { return c.data.val_set_size > 0 || !c.data.test_datasets.empty(); }
bool evaluates(Config c) {
  const TrainOptions& train = c.train;
  const bool periodic =
      train.eval_steps || train.evals_per_epoch || train.eval_strategy.value_or(Interval::no) != Interval::no;
  return has_evaluation_rows(c) && periodic;
}
bool is_fraction_above_one(double value) { return value >= 1 && value != std::floor(value); }
bool is_fraction_above_one(const std::optional<double>& value) { return value && is_fraction_above_one(*value); }

/// Whether a pattern of unfrozen_parameters ends with a range, as in "embed_tokens.weight$[:32000]".
bool names_rows(const std::string& pattern) {
  static const Regex range(R"(.*\[\d*(:\d*)?\])", "unfrozen_parameters");
  return range.matches(pattern);
}

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

bool is_processor(const std::string& name) {
  constexpr std::array kNames = {"AutoProcessor", "Gemma3Processor", "Gemma3nProcessor", "Gemma4Processor",
                                 "Gemma4UnifiedProcessor"};
  return std::ranges::find(kNames, name) != kNames.end();
}

constexpr std::array kRules = {
    Rule{"lora_r", "not set; adapters need it", [](Config c) { return starts_adapter(c) && !c.adapter.rank; }},
    Rule{"lora_alpha", "not set; adapters need it", [](Config c) { return starts_adapter(c) && !c.adapter.alpha; }},
    Rule{"lora_target_modules", "not set; adapters need it, or lora_target_linear: true",
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

    Rule{"adapter", "qlora needs load_in_4bit: true; add it or use adapter: lora",
         [](Config c) { return c.adapter.kind == AdapterKind::qlora && !c.quant.four_bits; }},
    Rule{"load_in_4bit", "needs adapter: qlora, since weights in 4 bits are frozen",
         [](Config c) { return c.quant.four_bits && c.adapter.kind != AdapterKind::qlora; }},
    Rule{"load_in_8bit", "needs adapter: lora, since weights in 8 bits are frozen",
         [](Config c) { return c.quant.eight_bits && c.adapter.kind != AdapterKind::lora; }},
    Rule{"quantize_moe_experts", "needs load_in_4bit or load_in_8bit",
         [](Config c) { return c.quant.experts && !packs(c); }},
    Rule{"bnb_config_kwargs", "llm_int8_has_fp16_weight: packed weights are frozen; remove it",
         [](Config c) { return c.quant.bnb.has_fp16_weight; }},

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
    Rule{"processor_type", "another value than AutoProcessor",
         [](Config c) { return c.data.processor_type && !is_processor(*c.data.processor_type); }},
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

    Rule{"optim_args", "momentum and nesterov are for optimizer: sgd or muon; remove them",
         [](Config c) {
           const OptimizerArgs& args = c.train.optimizer.args;
           return !is_optimizer(c, {OptimizerKind::sgd, OptimizerKind::muon}) && (args.momentum || args.nesterov);
         }},
    Rule{"optim_args", "dampening is for optimizer: sgd; remove it",
         [](Config c) { return !is_optimizer(c, {OptimizerKind::sgd}) && c.train.optimizer.args.dampening; }},
    Rule{"optim_args", "ns_steps is for optimizer: muon; remove it",
         [](Config c) { return !is_optimizer(c, {OptimizerKind::muon}) && c.train.optimizer.args.ns_steps; }},
    Rule{"optim_args", "clip_threshold is for optimizer: came_pytorch; remove it",
         [](Config c) { return !is_optimizer(c, {OptimizerKind::came}) && c.train.optimizer.args.clip_threshold; }},
    Rule{"optim_args", "r and weight_lr_power are for optimizer: schedule_free_adamw; remove them",
         [](Config c) {
           const OptimizerArgs& args = c.train.optimizer.args;
           return !is_optimizer(c, {OptimizerKind::schedule_free_adamw}) && (args.r || args.weight_lr_power);
         }},
    Rule{"optimizer", "schedule_free_adamw needs no schedule and has a warm-up of its own; set lr_scheduler: constant",
         [](Config c) {
           return is_optimizer(c, {OptimizerKind::schedule_free_adamw}) && !is_schedule(c, {ScheduleKind::constant});
         }},
    Rule{"optim_args", "nesterov needs momentum above 0 and dampening: 0, as in torch",
         [](Config c) {
           const OptimizerArgs& args = c.train.optimizer.args;
           return is_optimizer(c, {OptimizerKind::sgd}) && args.nesterov.value_or(false) &&
                  (args.momentum.value_or(0) == 0 || args.dampening.value_or(0) != 0);
         }},
    Rule{"adam_beta1", "this optimizer takes adam_beta1 and adam_beta2 only together, as in Axolotl; set both or none",
         [](Config c) {
           const OptimizerOptions& o = c.train.optimizer;
           return is_optimizer(c, {OptimizerKind::optimi_adamw, OptimizerKind::muon, OptimizerKind::adopt}) &&
                  o.adam_beta1.has_value() != o.adam_beta2.has_value();
         }},
    Rule{"adam_beta3", "is for optimizer: came_pytorch; remove it",
         [](Config c) { return !is_optimizer(c, {OptimizerKind::came}) && c.train.optimizer.adam_beta3; }},
    Rule{"adam_epsilon2", "is for optimizer: came_pytorch; remove it",
         [](Config c) { return !is_optimizer(c, {OptimizerKind::came}) && c.train.optimizer.adam_epsilon2; }},
    Rule{"optimizer",
         "muon takes one learning rate; remove embedding_lr, embedding_lr_scale, lr_groups and loraplus_lr_ratio",
         [](Config c) { return is_optimizer(c, {OptimizerKind::muon}) && c.train.optimizer.groups.any(); }},
    Rule{"loraplus_lr_ratio", "set without adapter: lora; add it or remove loraplus_lr_ratio",
         [](Config c) { return without_adapter(c) && c.train.optimizer.groups.loraplus_lr_ratio; }},
    Rule{"loraplus_lr_ratio",
         "set beside weight_decay, which PEFT's LoRA+ leaves out whatever it is; set weight_decay: 0",
         [](Config c) { return c.train.optimizer.groups.loraplus_lr_ratio && c.train.optimizer.weight_decay > 0; }},
    Rule{"loraplus_lr_ratio", "set beside embedding_lr, embedding_lr_scale or lr_groups; remove one",
         [](Config c) {
           const GroupOptions& groups = c.train.optimizer.groups;
           return groups.loraplus_lr_ratio &&
                  (groups.embedding_lr || groups.embedding_lr_scale || !groups.lr_groups.empty());
         }},
    Rule{"embedding_lr", "set beside embedding_lr_scale, which goes before it; remove one",
         [](Config c) { return c.train.optimizer.groups.embedding_lr && c.train.optimizer.groups.embedding_lr_scale; }},
    Rule{"warmup_ratio", "set beside warmup_steps; remove one",
         [](Config c) { return c.train.schedule.warmup_ratio && c.train.schedule.warmup_steps; }},
    Rule{"cosine_min_lr_ratio", "is for lr_scheduler: cosine or rex, or jagged_restart_steps; remove it",
         [](Config c) {
           return c.train.schedule.cosine_min_lr_ratio && !c.train.schedule.jagged_restart_steps &&
                  !is_schedule(c, {ScheduleKind::cosine, ScheduleKind::rex});
         }},
    Rule{"cosine_min_lr_ratio", "Axolotl leaves num_cycles out beside it; remove lr_scheduler_kwargs.num_cycles",
         [](Config c) {
           const ScheduleOptions& o = c.train.schedule;
           return is_schedule(c, {ScheduleKind::cosine}) && o.cosine_min_lr_ratio && o.args.num_cycles;
         }},
    Rule{"cosine_constant_lr_ratio",
         "needs lr_scheduler: cosine and cosine_min_lr_ratio above 0, without which Axolotl "
         "ignores it; set them or remove it",
         [](Config c) {
           const ScheduleOptions& o = c.train.schedule;
           const bool used = is_schedule(c, {ScheduleKind::cosine}) && o.cosine_min_lr_ratio.value_or(0) > 0;
           return o.cosine_constant_lr_ratio && !used;
         }},
    Rule{"lr_quadratic_warmup", "is for lr_scheduler: cosine; remove it",
         [](Config c) { return c.train.schedule.quadratic_warmup && !is_schedule(c, {ScheduleKind::cosine}); }},
    Rule{"lr_quadratic_warmup", "set beside cosine_min_lr_ratio or num_cycles, which Axolotl ignores then; remove one",
         [](Config c) {
           const ScheduleOptions& o = c.train.schedule;
           return o.quadratic_warmup && (o.cosine_min_lr_ratio || o.args.num_cycles);
         }},
    Rule{"lr_scheduler", "needs min_lr or min_lr_rate, one of the two, in lr_scheduler_kwargs",
         [](Config c) {
           const ScheduleArgs& args = c.train.schedule.args;
           return is_schedule(c, {ScheduleKind::cosine_with_min_lr, ScheduleKind::cosine_warmup_with_min_lr}) &&
                  args.min_lr.has_value() == args.min_lr_rate.has_value();
         }},
    Rule{"lr_scheduler", "needs num_decay_steps in lr_scheduler_kwargs, the steps of the fall at the end",
         [](Config c) {
           return is_schedule(c, {ScheduleKind::warmup_stable_decay}) && !c.train.schedule.args.num_decay_steps;
         }},
    Rule{"lr_scheduler",
         "lr_end is not below learning_rate; lower lr_scheduler_kwargs.lr_end, which is 1e-7 where left out",
         [](Config c) {
           const ScheduleOptions& o = c.train.schedule;
           return is_schedule(c, {ScheduleKind::polynomial}) && o.args.lr_end.value_or(1e-7) >= o.learning_rate;
         }},
    Rule{"lr_scheduler", "min_lr is above learning_rate; lower lr_scheduler_kwargs.min_lr",
         [](Config c) { return c.train.schedule.args.min_lr.value_or(0) > c.train.schedule.learning_rate; }},
    Rule{"lr_scheduler",
         "one_cycle gives all parameters one learning rate, in torch too; remove embedding_lr, "
         "embedding_lr_scale, lr_groups and loraplus_lr_ratio",
         [](Config c) { return is_schedule(c, {ScheduleKind::one_cycle}) && c.train.optimizer.groups.any(); }},
    Rule{"lr_scheduler",
         "nothing is evaluated; set eval_steps, evals_per_epoch or eval_strategy, and val_set_size or test_datasets",
         [](Config c) { return is_schedule(c, {ScheduleKind::reduce_lr_on_plateau}) && !evaluates(c); }},
    Rule{"jagged_restart_steps", "does not go with lr_scheduler: reduce_lr_on_plateau; remove it",
         [](Config c) {
           return is_schedule(c, {ScheduleKind::reduce_lr_on_plateau}) && c.train.schedule.jagged_restart_steps;
         }},
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

    Rule{"unfrozen_parameters", "ranges of rows, as in [:32000], are not supported; name the whole parameter",
         [](Config c) { return std::ranges::any_of(c.train.unfrozen_parameters, names_rows); }},
    Rule{"loss_watchdog_patience", "set without loss_watchdog_threshold; set it or remove loss_watchdog_patience",
         [](Config c) { return !c.train.loss_watchdog_threshold && c.train.loss_watchdog_patience != 3; }},
    Rule{"save_only_model",
         "set beside resume_from_checkpoint or auto_resume_from_checkpoints, which need the optimizer's "
         "state; remove one",
         [](Config c) {
           const std::string from = c.train.resume_from_checkpoint.string();
           return c.train.save_only_model &&
                  ((!from.empty() && from != "false") || c.train.auto_resume_from_checkpoints);
         }},

    Rule{"ple_cpu_offload", "without adapter: lora the table is trained; add it or remove the key",
         [](Config c) { return c.train.ple_cpu_offload && without_adapter(c); }},

    Rule{"cuda_graphs", "does not go with processor_type yet; remove one",
         [](Config c) { return c.train.cuda_graphs && c.data.processor_type; }},
    Rule{"cuda_graphs", "does not go with device: cpu; remove one",
         [](Config c) { return c.train.cuda_graphs && c.train.device == DeviceChoice::cpu; }},

    Rule{"float32", "contradicts bf16: true; remove one",
         [](Config c) { return c.train.float32 && (c.train.bf16 == AutoBool::on || c.train.bfloat16); }},
    Rule{"bfloat16", "contradicts bf16: false; remove one",
         [](Config c) { return c.train.bfloat16 && c.train.bf16 == AutoBool::off; }},
};

/// Visitor: the keys of optional members that are set.
struct SetKeys {
  std::vector<std::string> keys;

  template <class T, class... Bounds>
  void operator()(FieldInfo info, const std::optional<T>& member, const Bounds&...) {
    if (member) keys.emplace_back(info.key);
  }
};

std::string name_of(ScheduleKind kind) {
  const auto names = enum_names(kind);
  return std::ranges::find(names, kind, &EnumName<ScheduleKind>::value)->name;
}

/// Settings that the shape of the learning rate does not have.
void add_schedule_rules(const ScheduleOptions& schedule, std::vector<BrokenRule>& broken) {
  SetKeys set;
  ScheduleArgs args = schedule.args;
  describe(set, args);
  const std::vector<std::string> known = words(arguments_of(schedule.kind));
  for (const std::string& key : set.keys) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string has = known.empty() ? "takes none" : fmt::format("has {}", fmt::join(known, ", "));
    broken.push_back(
        {"lr_scheduler_kwargs", fmt::format("{} is no setting of {}, which {}", key, name_of(schedule.kind), has)});
  }
}

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
  add_schedule_rules(config.train.schedule, broken);
  add_dataset_rules(config.data.datasets, "datasets", config.data.rl, broken);
  add_dataset_rules(config.data.test_datasets, "test_datasets", config.data.rl, broken);
  add_preference_rules(config, broken);
  return broken;
}

void add_idle_notes(const RunConfig& config, Notes& notes) {
  const TrainOptions& train = config.train;
  const BnbOptions& bnb = config.quant.bnb;
  if (!packs(config) && bnb != BnbOptions()) {
    notes.push_back("bnb_config_kwargs has no effect without load_in_4bit or load_in_8bit");
  } else if (bnb.compute_dtype || bnb.storage || bnb.threshold) {
    notes.push_back(
        "bnb_config_kwargs: bnb_4bit_compute_dtype, bnb_4bit_quant_storage and llm_int8_threshold have no effect: "
        "products are made in the run's precision, and activations are not rounded");
  }
  add_preference_notes(config, notes);
  if (config.tokens.special_tokens || !config.tokens.tokens.empty()) {
    notes.push_back("special_tokens and tokens add nothing: they must be those that the tokenizer has");
  }
  if (!without_adapter(config) && !train.unfrozen_parameters.empty()) {
    notes.push_back("unfrozen_parameters has no effect beside an adapter: the whole base model is frozen");
  }
  if (train.evals_per_epoch && !has_evaluation_rows(config)) {
    notes.push_back("evals_per_epoch has no effect: neither val_set_size nor test_datasets is set");
  }
  if (config.data.sample_packing_sequentially && !config.data.sample_packing) {
    notes.push_back("sample_packing_sequentially has no effect without sample_packing: true");
  }
  const bool warms_up = train.optimizer.kind == OptimizerKind::schedule_free_adamw;
  if (train.schedule.kind == ScheduleKind::constant && !warms_up &&
      (train.schedule.warmup_steps || train.schedule.warmup_ratio)) {
    notes.push_back("the warm-up has no effect with lr_scheduler: constant; constant_with_warmup has one");
  }
  if (train.schedule.kind == ScheduleKind::one_cycle) {
    notes.push_back(
        "lr_scheduler: one_cycle moves the learning rate only; torch's moves adam_beta1 against it as well");
  }
}

}  // namespace eft
