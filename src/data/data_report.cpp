#include <fmt/format.h>

#include "data/dataset.h"

namespace eft {
namespace {

std::string dropped_text(const DatasetCounts& counts) {
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(counts.too_long, "too long");
  add(counts.too_short, "too short");
  add(counts.no_labels, "without a token that bears loss");
  if (text.empty()) return "";
  return fmt::format("; dropped {} (first {})", text,
                     counts.first_dropped.empty() ? "has no text" : counts.first_dropped);
}

std::string dataset_line(const DatasetCounts& counts) {
  std::string line = fmt::format("{}{}: {} rows, {} examples, {} tokens, {} bear loss ({:.0f} %)", counts.path,
                                 counts.for_evaluation ? " (evaluation)" : "", counts.rows, counts.examples,
                                 counts.tokens, counts.label_tokens,
                                 100.0 * static_cast<double>(counts.label_tokens) / static_cast<double>(counts.tokens));
  if (counts.truncated > 0) line += fmt::format("; {} truncated", counts.truncated);
  return line + dropped_text(counts);
}

}  // namespace

std::vector<std::string> DataReport::lines() const {
  std::vector<std::string> lines;
  for (const DatasetCounts& counts : datasets) lines.push_back(dataset_line(counts));
  std::string split = fmt::format("{} examples to train on", train_examples);
  if (eval_examples > 0) split += fmt::format(", {} to evaluate on", eval_examples);
  if (duplicates > 0) split += fmt::format("; dropped {} that were there twice", duplicates);
  lines.push_back(split);
  return lines;
}

}  // namespace eft
