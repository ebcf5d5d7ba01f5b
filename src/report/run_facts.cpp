#include "report/run_facts.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "report/page.h"
#include "report/words.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

std::string share(std::int64_t part, std::int64_t whole) {
  return fmt::format("{:.3g} %", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string sum_line(const std::vector<TensorGroup>& groups, std::int64_t whole) {
  return fmt::format("{} in {} ({} of all)", counted(parameters_of(groups), "parameter"),
                     counted(tensors_of(groups), "tensor"), share(parameters_of(groups), whole));
}

void add_groups(Page& page, const std::vector<TensorGroup>& groups) {
  for (const TensorGroup& group : groups) {
    page.add("", fmt::format("  {}: {}, {}", group.pattern, counted(group.tensors, "tensor"),
                             counted(group.parameters, "parameter")));
    if (group.tensors == 1) continue;
    for (const std::string& name : group.names) page.add("", "    " + name);
  }
}

void add_model(Page& page, const RunFacts& facts, bool verbose) {
  page.add("model", fmt::format("{}: {}, {} layers, {}; {} on {}, {}, {}", facts.base_model, facts.family, facts.layers,
                                counted(facts.parameters, "parameter"), facts.dtype, facts.device, facts.simd,
                                counted(facts.threads, "thread")));
  const std::string how = facts.rank > 0 ? fmt::format(", LoRA of rank {}", facts.rank) : "";
  page.add("trains", sum_line(facts.trainable, facts.parameters) + how);
  if (!verbose) return;
  add_groups(page, facts.trainable);
  page.add("frozen", facts.frozen.empty() ? "nothing" : sum_line(facts.frozen, facts.parameters));
  add_groups(page, facts.frozen);
}

void add_data(Page& page, const RunFacts& facts, bool verbose) {
  for (std::size_t i = 0; i < facts.data.size(); ++i) page.add(i == 0 ? "data" : "", facts.data[i]);
  if (verbose && facts.tokens > 0) {
    page.add("", fmt::format("to train on {}, of which {} ({}) bear loss", counted(facts.tokens, "token"),
                             with_thousands(facts.label_tokens), share(facts.label_tokens, facts.tokens)));
  }
  if (verbose && facts.fill < 1) page.add("", fmt::format("packed rows are {:.1f} % full", 100 * facts.fill));
}

void add_steps(Page& page, const RunFacts& facts) {
  const double epochs =
      static_cast<double>(facts.steps) / static_cast<double>(std::max<std::int64_t>(facts.steps_per_epoch, 1));
  std::string text = fmt::format("{} of {} x {} rows, {} an epoch, {:.3g} epochs", facts.steps, facts.accumulation,
                                 facts.micro_batch_size, facts.steps_per_epoch, epochs);
  if (facts.first_step > 0) text += fmt::format(", going on after step {}", facts.first_step);
  text += fmt::format("; learning rate {:g}, {}, {} of warm-up", facts.learning_rate, facts.schedule,
                      counted(facts.warmup_steps, "step"));
  page.add("steps", text);
}

/// What each group is updated by, where they differ from the run's rate or everything is wanted.
void add_rates(Page& page, const RunFacts& facts, bool verbose) {
  const auto differs = [&](const RateGroup& group) { return group.learning_rate != facts.learning_rate; };
  if (!verbose && std::ranges::none_of(facts.rates, differs)) return;
  page.add("optimizer", facts.optimizer);
  for (const RateGroup& group : facts.rates) {
    page.add("", fmt::format("  {}: {}, learning rate {:g}, weight decay {:g}", group.name,
                             counted(group.tensors, "tensor"), group.learning_rate, group.weight_decay));
  }
}

void add_output(Page& page, const RunFacts& facts) {
  std::string text = facts.output_dir;
  if (facts.save_every > 0) text += fmt::format("; a checkpoint every {}", counted(facts.save_every, "step"));
  if (facts.eval_every > 0) text += fmt::format("; an evaluation every {}", counted(facts.eval_every, "step"));
  page.add("output", text);
}

void add_compute(Page& page, const RunFacts& facts) {
  page.add("compute",
           fmt::format("{} on {}, {}; products {}; {}{}", facts.dtype, facts.device, counted(facts.threads, "thread"),
                       facts.products, facts.simd, facts.recompute ? "; blocks recomputed in the backward pass" : ""));
  page.add("kernels", fmt::format("{}", fmt::join(facts.kernels, " ")));
}

Json json_of(const std::vector<RateGroup>& groups) {
  Json list = Json::array();
  for (const RateGroup& group : groups) {
    list.push_back({{"name", group.name},
                    {"tensors", group.tensors},
                    {"learning_rate", group.learning_rate},
                    {"weight_decay", group.weight_decay}});
  }
  return list;
}

Json json_of(const std::vector<TensorGroup>& groups, bool names) {
  Json list = Json::array();
  for (const TensorGroup& group : groups) {
    Json item{{"pattern", group.pattern}, {"tensors", group.tensors}, {"parameters", group.parameters}};
    if (names) item["names"] = group.names;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace

std::string to_text(const RunFacts& facts, bool verbose, bool colours) {
  Page page(colours);
  for (const std::string& note : facts.notes) page.add("note", note, Paint::dim);
  add_model(page, facts, verbose);
  add_data(page, facts, verbose);
  add_steps(page, facts);
  add_rates(page, facts, verbose);
  if (verbose) add_compute(page, facts);
  page.add("memory", verbose ? memory_line(facts.memory) : memory_summary(facts.memory));
  add_output(page, facts);
  const std::string warning = memory_warning(facts.memory);
  if (!warning.empty()) page.add("warning", warning, Paint::yellow);
  return page.text();
}

std::string to_json(const RunFacts& facts) {
  const Json model{{"path", facts.base_model},
                   {"family", facts.family},
                   {"layers", facts.layers},
                   {"parameters", facts.parameters},
                   {"trainable_parameters", parameters_of(facts.trainable)},
                   {"trainable", json_of(facts.trainable, true)},
                   {"frozen", json_of(facts.frozen, false)}};
  const Json data{
      {"report", facts.data},   {"train_examples", facts.train_examples}, {"eval_examples", facts.eval_examples},
      {"tokens", facts.tokens}, {"label_tokens", facts.label_tokens},     {"fill", facts.fill}};
  const Json steps{{"steps", facts.steps},
                   {"first_step", facts.first_step},
                   {"steps_per_epoch", facts.steps_per_epoch},
                   {"micro_batches_per_epoch", facts.micro_batches},
                   {"micro_batch_size", facts.micro_batch_size},
                   {"gradient_accumulation_steps", facts.accumulation},
                   {"warmup_steps", facts.warmup_steps},
                   {"save_every", facts.save_every},
                   {"eval_every", facts.eval_every},
                   {"lr_scheduler", facts.schedule},
                   {"optimizer", facts.optimizer},
                   {"groups", json_of(facts.rates)}};
  const Json compute{{"dtype", facts.dtype},       {"device", facts.device}, {"threads", facts.threads},
                     {"products", facts.products}, {"simd", facts.simd},     {"recompute", facts.recompute},
                     {"kernels", facts.kernels}};
  return Json{{"notes", facts.notes}, {"model", model},     {"data", data},
              {"steps", steps},       {"compute", compute}, {"memory", Json::parse(to_json(facts.memory))}}
      .dump();
}

}  // namespace eft
