#include "data/length.h"

#include <utility>

#include "base/error.h"

namespace eft {
namespace {

std::optional<Example> drop(const Example& example, std::int64_t& counter, DatasetCounts& counts, std::string reason) {
  ++counter;
  if (counts.first_dropped.empty()) counts.first_dropped = fmt::format("{}: {}", example.source, reason);
  return std::nullopt;
}

}  // namespace

std::optional<Example> fit_length(Example example, const DataOptions& options, DatasetCounts& counts) {
  const auto length = static_cast<std::int64_t>(example.tokens.size());
  if (length < options.min_sample_len) {
    return drop(example, counts.too_short, counts, fmt::format("{} tokens", length));
  }
  if (length > options.sequence_len) {
    switch (options.excess_length_strategy) {
      case ExcessLength::drop:
        return drop(example, counts.too_long, counts, fmt::format("{} tokens", length));
      case ExcessLength::raise:
        throw DataError(
            "{}: {} tokens, expected at most sequence_len = {}; set excess_length_strategy to drop or "
            "truncate, or raise sequence_len",
            example.source, length, options.sequence_len);
      case ExcessLength::truncate:
        ++counts.truncated;
        example.tokens.resize(static_cast<std::size_t>(options.sequence_len));
        example.labels.resize(static_cast<std::size_t>(options.sequence_len));
        break;
    }
  }
  if (example.label_tokens() == 0) return drop(example, counts.no_labels, counts, "no token bears loss");
  ++counts.examples;
  counts.tokens += static_cast<std::int64_t>(example.tokens.size());
  counts.label_tokens += example.label_tokens();
  return example;
}

}  // namespace eft
