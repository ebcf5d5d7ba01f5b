#include "report/memory_facts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/words.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

std::string category_list(const MemoryFacts& memory) {
  std::string text;
  for (const auto& [name, bytes] : memory.peak_by_category) {
    if (bytes > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, format_size(bytes));
  }
  return text;
}

std::string row(const char* name, std::int64_t bytes) {
  return bytes > 0 ? fmt::format("  {:<22} {:>12}\n", name, format_size(bytes)) : "";
}

std::string table(const MemoryFacts& memory) {
  std::string text = fmt::format("memory of a step on {} whose micro batches have {}{}\n", memory.device,
                                 counted(memory.row_tokens, "token"),
                                 memory.recompute ? ", blocks recomputed in the backward pass" : "");
  for (const auto& [name, bytes] : memory.peak_by_category)
    text += fmt::format("  {:<22} {:>12}\n", name, format_size(bytes));
  text += row("peak of these", memory.peak) + row("free blocks kept", memory.kept);
  if (memory.device == "cpu") {
    text += row("mapped weights, read", memory.touched) + row("program, kernels, rows", memory.process);
  }
  text += row("in all", memory.resident()) + row("mapped weights, unread", memory.mapped - memory.touched);
  return text + row("available", memory.available) + row("pinned on the host", memory.pinned);
}

Json json_of(const MemoryFacts& memory) {
  Json categories = Json::object();
  for (const auto& [name, bytes] : memory.peak_by_category) categories[name] = bytes;
  return {{"device", memory.device},          {"peak", memory.peak},
          {"by_category", categories},        {"kept", memory.kept},
          {"mapped", memory.mapped},          {"touched", memory.touched},
          {"pinned", memory.pinned},          {"process", memory.process},
          {"resident", memory.resident()},    {"available", memory.available},
          {"row_tokens", memory.row_tokens},  {"recompute", memory.recompute},
          {"warning", memory_warning(memory)}};
}

std::string verdict(const MemoryPlan& plan) {
  const std::string budget = format_size(plan.budget);
  if (plan.fits()) return fmt::format("fits in {}\n", budget);
  std::string text = fmt::format("does not fit in {}", budget);
  if (plan.tried.empty()) return text + ", and there is nothing left to lower\n";
  text += plan.can_fit() ? "; it does with\n" : "; the lowest settings do not either:\n";
  for (const MemoryChange& change : plan.tried) {
    for (std::size_t i = 0; i < change.lines.size(); ++i) {
      const std::string size = i + 1 == change.lines.size() ? format_size(change.memory.resident()) : "";
      text += fmt::format("  {:<40} {}", change.lines[i], size);
      text = text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string memory_summary(const MemoryFacts& memory) {
  std::string text = format_size(memory.resident());
  if (memory.available > 0) text += fmt::format(" of {} available", format_size(memory.available));
  text += fmt::format(": a step's peak of {}", format_size(memory.peak));
  if (memory.touched > 0) text += fmt::format(", {} of mapped weights", format_size(memory.touched));
  if (memory.process > 0) text += fmt::format(", {} for program and rows", format_size(memory.process));
  if (memory.recompute) text += "; blocks are recomputed";
  if (memory.pinned > 0) text += fmt::format(" + {} of weights pinned on the host", format_size(memory.pinned));
  return text;
}

std::string memory_line(const MemoryFacts& memory) {
  std::string text = fmt::format("planned peak {} ({})", format_size(memory.peak), category_list(memory));
  if (memory.mapped > 0) text += fmt::format(" + {} of weights mapped from files", format_size(memory.mapped));
  if (memory.pinned > 0) text += fmt::format(" + {} of weights pinned on the host", format_size(memory.pinned));
  text += fmt::format("; {} in all", format_size(memory.resident()));
  if (memory.available > 0) text += fmt::format("; {} available", format_size(memory.available));
  return text;
}

std::string memory_warning(const MemoryFacts& memory) {
  if (memory.available == 0 || memory.peak + memory.touched <= memory.available) return "";
  if (memory.peak <= memory.available) {
    return "mapped weights do not all fit beside the planned peak and will be read from disk again and again";
  }
  const std::string hint = "the planned peak is above the available memory; lower micro_batch_size or sequence_len";
  return memory.recompute ? hint : hint + ", or set gradient_checkpointing: true";
}

std::string to_text(const MemoryPlan& plan) {
  std::string text = table(plan.memory);
  const std::string warning = memory_warning(plan.memory);
  if (!warning.empty()) text += "  warning: " + warning + "\n";
  return plan.budget > 0 ? text + verdict(plan) : text;
}

std::string to_json(const MemoryFacts& memory) { return json_of(memory).dump(); }

std::string to_json(const MemoryPlan& plan) {
  Json object = json_of(plan.memory);
  if (plan.budget > 0) {
    object["budget"] = plan.budget;
    object["fits"] = plan.fits();
    object["can_fit"] = plan.can_fit();
    object["tried"] = Json::array();
    for (const MemoryChange& change : plan.tried) {
      object["tried"].push_back({{"lines", change.lines}, {"resident", change.memory.resident()}});
    }
  }
  return object.dump();
}

}  // namespace eft
