#include "report/run_facts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "report/words.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

void add_line(std::string& page, const std::string& title, const std::string& text) {
  page += fmt::format("{:<10} {}\n", title, text);
}

std::string share(std::int64_t part, std::int64_t whole) {
  return fmt::format("{:.3g} %", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string sum_line(const std::vector<TensorGroup>& groups, std::int64_t whole) {
  return fmt::format("{} in {} ({} of all)", counted(parameters_of(groups), "parameter"),
                     counted(tensors_of(groups), "tensor"), share(parameters_of(groups), whole));
}

void add_groups(std::string& page, const std::vector<TensorGroup>& groups, bool verbose) {
  for (const TensorGroup& group : groups) {
    add_line(page, "",
             fmt::format("  {}: {}, {}", group.pattern, counted(group.tensors, "tensor"),
                         counted(group.parameters, "parameter")));
    if (!verbose || group.tensors == 1) continue;
    for (const std::string& name : group.names) add_line(page, "", "    " + name);
  }
}

void add_model(std::string& page, const RunFacts& facts, bool verbose) {
  add_line(page, "model",
           fmt::format("{}: {}, {} layers, {}", facts.base_model, facts.family, facts.layers,
                       counted(facts.parameters, "parameter")));
  add_line(page, "trains", sum_line(facts.trainable, facts.parameters));
  add_groups(page, facts.trainable, verbose);
  add_line(page, "frozen", facts.frozen.empty() ? "nothing" : sum_line(facts.frozen, facts.parameters));
  if (verbose) add_groups(page, facts.frozen, true);
}

void add_data(std::string& page, const RunFacts& facts) {
  for (std::size_t i = 0; i < facts.data.size(); ++i) add_line(page, i == 0 ? "data" : "", facts.data[i]);
  if (facts.tokens > 0) {
    add_line(page, "",
             fmt::format("{}, of which {} ({}) bear loss", counted(facts.tokens, "token"),
                         with_thousands(facts.label_tokens), share(facts.label_tokens, facts.tokens)));
  }
  if (facts.fill < 1) add_line(page, "", fmt::format("packed rows are {:.1f} % full", 100 * facts.fill));
}

void add_steps(std::string& page, const RunFacts& facts) {
  const double epochs =
      static_cast<double>(facts.steps) / static_cast<double>(std::max<std::int64_t>(facts.steps_per_epoch, 1));
  std::string text = fmt::format("{} of {} x {} rows, {} an epoch, {:.3g} epochs", facts.steps, facts.accumulation,
                                 facts.micro_batch_size, facts.steps_per_epoch, epochs);
  if (facts.first_step > 0) text += fmt::format(", going on after step {}", facts.first_step);
  add_line(page, "steps", text);
  text = fmt::format("{}, {} of warm-up", facts.schedule, counted(facts.warmup_steps, "step"));
  if (facts.save_every > 0) text += fmt::format("; a checkpoint every {}", counted(facts.save_every, "step"));
  if (facts.eval_every > 0) text += fmt::format("; an evaluation every {}", counted(facts.eval_every, "step"));
  add_line(page, "", text);
}

void add_compute(std::string& page, const RunFacts& facts) {
  add_line(page, "compute",
           fmt::format("{} on {}, {}; products {}; {}{}", facts.dtype, facts.device, counted(facts.threads, "thread"),
                       facts.products, facts.simd, facts.recompute ? "; blocks recomputed in the backward pass" : ""));
  add_line(page, "kernels", fmt::format("{}", fmt::join(facts.kernels, " ")));
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

std::string to_text(const RunFacts& facts, bool verbose) {
  std::string page;
  for (const std::string& note : facts.notes) add_line(page, "note", note);
  add_model(page, facts, verbose);
  add_data(page, facts);
  add_steps(page, facts);
  add_compute(page, facts);
  add_line(page, "memory", memory_line(facts.memory));
  const std::string warning = memory_warning(facts.memory);
  if (!warning.empty()) add_line(page, "warning", warning);
  return page;
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
                   {"lr_scheduler", facts.schedule}};
  const Json compute{{"dtype", facts.dtype},       {"device", facts.device}, {"threads", facts.threads},
                     {"products", facts.products}, {"simd", facts.simd},     {"recompute", facts.recompute},
                     {"kernels", facts.kernels}};
  return Json{{"notes", facts.notes}, {"model", model},     {"data", data},
              {"steps", steps},       {"compute", compute}, {"memory", Json::parse(to_json(facts.memory))}}
      .dump();
}

}  // namespace eft
