#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "data/dataset.h"
#include "data/show.h"

namespace eft {
namespace {

struct Reason {
  const Dropped& dropped;
  const char* what;
};

std::array<Reason, 5> reasons_of(const DatasetCounts& counts) {
  return {{{counts.bad, "cannot be used"},
           {counts.too_long, "too long"},
           {counts.too_short, "too short"},
           {counts.no_labels, "without a token that bears loss"},
           {counts.empty, "without text"}}};
}

std::string title_of(const DatasetCounts& counts) {
  return counts.path + (counts.for_evaluation ? " (evaluation)" : "");
}

double percent(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string dropped_text(const DatasetCounts& counts) {
  std::string text, first;
  for (const auto& [dropped, what] : reasons_of(counts)) {
    if (dropped.count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", dropped.count, what);
    if (first.empty()) first = dropped.first;
  }
  return text.empty() ? "" : fmt::format("; dropped {} (first {})", text, first);
}

std::string dataset_line(const DatasetCounts& counts) {
  std::string line =
      fmt::format("{}: {} rows, {} examples, {} tokens, {} bear loss ({:.0f} %)", title_of(counts), counts.rows,
                  counts.examples, counts.tokens, counts.label_tokens, percent(counts.label_tokens, counts.tokens));
  if (counts.images > 0) {
    line +=
        fmt::format("; {} images, {:.0f} % of the tokens", counts.images, percent(counts.image_tokens, counts.tokens));
  }
  if (counts.truncated > 0) line += fmt::format("; {} truncated", counts.truncated);
  return line + dropped_text(counts);
}

void add_table(std::vector<std::string>& lines, const DatasetCounts& counts) {
  const auto add = [&](const char* what, const std::string& value) {
    lines.push_back(fmt::format("  {:<14} {}", what, value));
  };
  lines.push_back(title_of(counts));
  add("rows read", std::to_string(counts.rows));
  add("examples", std::to_string(counts.examples));
  for (const auto& [reason, rows] : counts.bad_reasons) {
    add("dropped", fmt::format("{} {}: {}", rows.count, reason, rows.first));
  }
  for (const auto& [dropped, what] : reasons_of(counts)) {
    if (dropped.count > 0 && &dropped != &counts.bad)
      add("dropped", fmt::format("{} {}: {}", dropped.count, what, dropped.first));
  }
  if (counts.truncated > 0) add("truncated", std::to_string(counts.truncated));
  for (const DatasetFinding& finding : counts.findings) {
    add("found", fmt::format("{} {}: {}", finding.count, name_of(finding.kind), finding.first));
  }
  add("tokens", std::to_string(counts.tokens));
  if (counts.images > 0) {
    add("images", fmt::format("{}, {} tokens ({:.1f} %)", counts.images, counts.image_tokens,
                              percent(counts.image_tokens, counts.tokens)));
  }
  add("label tokens", fmt::format("{} ({:.1f} %)", counts.label_tokens, percent(counts.label_tokens, counts.tokens)));
  for (const std::string& line : length_histogram(counts.lengths)) lines.push_back("  " + line);
}

}  // namespace

std::vector<std::string> DataReport::lines() const {
  std::vector<std::string> lines;
  for (const DatasetCounts& counts : datasets) lines.push_back(dataset_line(counts));
  for (std::string& line : end_lines()) lines.push_back(std::move(line));
  return lines;
}

std::vector<std::string> DataReport::end_lines() const {
  std::string split = streams ? "texts to train on are tokenised while training"
                              : fmt::format("{} examples to train on", train_examples);
  if (eval_examples > 0) split += fmt::format(", {} to evaluate on", eval_examples);
  if (duplicates > 0) split += fmt::format("; dropped {} that were there twice", duplicates);
  std::vector<std::string> lines = {split};
  if (!prepared.empty()) lines.push_back(prepared);
  return lines;
}

std::vector<std::string> DataReport::tables() const {
  std::vector<std::string> lines;
  for (const DatasetCounts& counts : datasets) add_table(lines, counts);
  return lines;
}

}  // namespace eft
