#include "train/job/facts.h"

#include <algorithm>

#include "base/parallel.h"
#include "ops/support/kernel_names.h"
#include "tensor/device_memory.h"
#include "tensor/kernel_slot.h"

namespace eft {
namespace {

std::vector<std::string> kernel_names(Device device) {
  std::vector<std::string> names;
  for (const KernelSlotBase* slot : KernelSlotBase::all()) {
    if (slot->has(device)) names.emplace_back(slot->name());
  }
  std::ranges::sort(names);
  return names;
}

void add_model(RunFacts& facts, const TrainJob& job, const OpenedModel& opened) {
  const Model& model = *opened.model;
  facts.base_model = job.model_name();
  facts.family = model.info().family;
  facts.layers = model.info().layers;
  facts.parameters = count_parameters(model.parameters()).total;
  std::vector<std::pair<std::string, std::int64_t>> trainable, frozen;
  for (const Parameter& parameter : model.parameters()) {
    (parameter.trainable() ? trainable : frozen).emplace_back(parameter.name, parameter.shape.elements());
  }
  facts.trainable = group_tensors(trainable);
  facts.frozen = group_tensors(frozen);
  facts.notes.insert(facts.notes.end(), opened.notes.begin(), opened.notes.end());
  if (job.data.sequence_len > model.info().max_positions) {
    facts.notes.push_back(fmt::format("sequence_len {} is above the {} positions that the model was made for",
                                      job.data.sequence_len, model.info().max_positions));
  }
}

void add_data(RunFacts& facts, const PreparedData& data, const StepPlan& plan) {
  facts.data = data.report.lines();
  facts.train_examples = data.report.train_examples;
  facts.eval_examples = static_cast<std::int64_t>(data.eval.size());
  facts.tokens = data.stream ? 0 : data.train.tokens();
  facts.label_tokens = data.stream ? 0 : data.train.label_tokens();
  facts.notes.insert(facts.notes.end(), data.report.warnings.begin(), data.report.warnings.end());
  if (!data.eval.empty() && !plan.eval.active()) {
    facts.notes.push_back(
        fmt::format("{} rows are kept for evaluation but nothing evaluates them; set eval_steps, "
                    "evals_per_epoch or eval_strategy",
                    data.eval.size()));
  }
}

/// What processor_type asks for and the model has not.
void note_missing_vision(RunFacts& facts, const TrainJob& job, const PreparedData& data) {
  if (!job.data.processor_type || job.data.rl || data.train.media() != nullptr) return;
  facts.notes.push_back(fmt::format(
      "processor_type: eft knows no vision tower of {}, so this is a run of text; rows with images are refused",
      facts.family));
}

void add_rates(RunFacts& facts, const TrainJob& job, const Optimizer& optimizer) {
  facts.learning_rate = job.train.schedule.learning_rate;
  facts.optimizer = optimizer.kind();
  for (const ParameterGroup& group : optimizer.groups()) {
    facts.rates.push_back({.name = group.name,
                           .tensors = static_cast<std::int64_t>(group.members.size()),
                           .learning_rate = facts.learning_rate * group.rate_factor,
                           .weight_decay = group.weight_decay});
  }
}

void add_steps(RunFacts& facts, const TrainJob& job, const Trainer& trainer) {
  const StepPlan& plan = trainer.plan();
  facts.micro_batches = trainer.loader().batches_per_epoch();
  facts.fill = trainer.loader().fill();
  facts.accumulation = job.train.gradient_accumulation_steps;
  facts.micro_batch_size = job.train.micro_batch_size;
  facts.steps_per_epoch = plan.steps_per_epoch;
  facts.steps = plan.steps;
  facts.first_step = trainer.step();
  facts.warmup_steps = plan.warmup_steps;
  facts.save_every = plan.save.every;
  facts.eval_every = plan.eval.every;
  if (job.train.early_stopping_patience > 0) {
    facts.notes.push_back(fmt::format("the run ends early after {} evaluations in a row without a smaller eval_loss",
                                      job.train.early_stopping_patience));
  }
  if (job.train.keeps_best()) {
    facts.notes.push_back("the result is the model of the smallest eval_loss; a checkpoint of it is kept");
  }
  if (job.train.schedule.asked_warmup(plan.steps) != plan.warmup_steps) {
    facts.notes.push_back("a warm-up of one step has two, as in Axolotl");
  }
  for (const auto& name : enum_names(job.train.schedule.kind)) {
    if (name.value == job.train.schedule.kind) facts.schedule = name.name;
  }
}

}  // namespace

RunFacts collect_facts(const TrainJob& job, const OpenedModel& opened, const PreparedData& data,
                       const Trainer& trainer) {
  RunFacts facts;
  facts.notes = job.notes;
  for (std::string& note : trainer.objective().notes(data.train)) facts.notes.push_back(std::move(note));
  add_model(facts, job, opened);
  add_data(facts, data, trainer.plan());
  add_steps(facts, job, trainer);
  note_missing_vision(facts, job, data);
  facts.output_dir = job.train.output_dir.string();
  add_rates(facts, job, trainer.optimizer());
  facts.rank = job.trains_adapter() ? job.adapter.rank.value_or(0) : 0;
  facts.dtype = name_of(job.dtype());
  const Device device = resolve_device(job.train.device);
  const auto* memory = memory_of(device);
  facts.device = name_of(device);
  facts.products = memory != nullptr ? "cuBLASLt" : product_kernel_name(job.dtype());
  facts.simd = memory != nullptr ? memory->describe() : simd_name();
  facts.kernels = kernel_names(device);
  facts.threads = thread_count();
  facts.recompute = job.train.gradient_checkpointing.value_or(false);
  return facts;
}

}  // namespace eft
