#include "data/rows/length.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"

namespace eft {
namespace {

std::optional<Example> drop(const Example& example, Dropped& dropped, const std::string& reason) {
  count_dropped(dropped, fmt::format("{}: {}", example.source, reason));
  return std::nullopt;
}

void count_kept(const Example& example, DatasetCounts& counts) {
  ++counts.examples;
  counts.tokens += static_cast<std::int64_t>(example.tokens.size());
  counts.label_tokens += example.label_tokens();
  const auto bucket = static_cast<std::size_t>(std::bit_width(example.tokens.size()));
  if (bucket >= counts.lengths.size()) counts.lengths.resize(bucket + 1);
  ++counts.lengths[bucket];
}

}  // namespace

void count_dropped(Dropped& dropped, const std::string& what) {
  if (dropped.count++ == 0) dropped.first = what;
}

std::int64_t longest_of(const DataOptions& options, bool for_evaluation) {
  return for_evaluation ? options.eval_sequence_len.value_or(options.sequence_len) : options.sequence_len;
}

std::int64_t shortest_of(const DataOptions& options) {
  return options.min_sample_len.value_or(std::min<std::int64_t>(2, options.sequence_len));
}

std::optional<Example> fit_length(Example example, const DataOptions& options, DatasetCounts& counts,
                                  const std::string& unlabelled) {
  const auto length = static_cast<std::int64_t>(example.tokens.size());
  const std::int64_t longest = longest_of(options, counts.for_evaluation);
  if (length == 0) return drop(example, counts.empty, "no text");
  if (length < shortest_of(options)) return drop(example, counts.too_short, fmt::format("{} tokens", length));
  if (length > longest) {
    switch (options.excess_length_strategy) {
      case ExcessLength::drop:
        return drop(example, counts.too_long, fmt::format("{} tokens", length));
      case ExcessLength::raise:
        throw DataError(
            "{}: {} tokens, expected at most {} = {}; set excess_length_strategy to drop or truncate, or "
            "raise it",
            example.source, length, longest == options.sequence_len ? "sequence_len" : "eval_sequence_len", longest);
      case ExcessLength::truncate:
        ++counts.truncated;
        example.tokens.resize(static_cast<std::size_t>(longest));
        example.labels.resize(static_cast<std::size_t>(longest));
        if (!example.weights.empty()) example.weights.resize(static_cast<std::size_t>(longest));
        break;
    }
  }
  if (example.label_tokens() == 0)
    return drop(example, counts.no_labels, unlabelled.empty() ? "no token bears loss" : unlabelled);
  count_kept(example, counts);
  return example;
}

}  // namespace eft
