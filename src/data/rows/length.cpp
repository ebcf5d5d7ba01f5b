#include "data/rows/length.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "data/media/media_ref.h"

namespace eft {
namespace {

std::optional<Example> drop(const Example& example, Dropped& dropped, const std::string& reason) {
  count_dropped(dropped, fmt::format("{}: {}", example.source, reason));
  return std::nullopt;
}

/// How many of the tokens are of images, where it has some.
std::string of_images(const Example& example) {
  std::int64_t tokens = 0;
  for (const MediaRef& ref : media_of(example.media)) tokens += ref.count + 2;
  return tokens == 0 ? "" : fmt::format(", {} of them for images", tokens);
}

/// Where an example of at most `longest` tokens is cut: in front of an image that would be cut, and of the token that
/// begins it.
std::size_t cut_at(const Example& example, std::size_t longest) {
  for (const MediaRef& ref : media_of(example.media)) {
    const std::size_t first = ref.begin - 1, behind = std::size_t{ref.begin} + ref.count + 1;
    if (first < longest && longest < behind) return first;
  }
  return longest;
}

void truncate(Example& example, std::size_t longest) {
  const std::size_t length = cut_at(example, longest);
  example.tokens.resize(length);
  example.labels.resize(length);
  if (!example.weights.empty()) example.weights.resize(length);
  if (!example.media.empty()) example.media = media_before(example.media, static_cast<std::uint32_t>(length));
}

void count_length(std::size_t tokens, DatasetCounts& counts) {
  const auto bucket = static_cast<std::size_t>(std::bit_width(tokens));
  if (bucket >= counts.lengths.size()) counts.lengths.resize(bucket + 1);
  ++counts.lengths[bucket];
}

void count_tokens(const Example& example, DatasetCounts& counts) {
  counts.tokens += static_cast<std::int64_t>(example.tokens.size());
  counts.label_tokens += example.label_tokens();
  for (const MediaRef& ref : media_of(example.media)) {
    counts.images += ref.crop == 0 ? 1 : 0;
    counts.image_tokens += ref.count + 2;
  }
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
        return drop(example, counts.too_long, fmt::format("{} tokens{}", length, of_images(example)));
      case ExcessLength::raise:
        throw DataError(
            "{}: {} tokens, expected at most {} = {}; set excess_length_strategy to drop or truncate, or "
            "raise it",
            example.source, length, longest == options.sequence_len ? "sequence_len" : "eval_sequence_len", longest);
      case ExcessLength::truncate:
        ++counts.truncated;
        truncate(example, static_cast<std::size_t>(longest));
        break;
    }
  }
  if (example.label_tokens() == 0)
    return drop(example, counts.no_labels, unlabelled.empty() ? "no token bears loss" : unlabelled);
  ++counts.examples;
  count_tokens(example, counts);
  count_length(example.tokens.size(), counts);
  return example;
}

bool keep_preference(const FormattedRow& row, DatasetCounts& counts) {
  const auto drop_row = [&](Dropped& dropped, const std::string& reason) {
    count_dropped(dropped, fmt::format("{}: {}", row.where, reason));
    return false;
  };
  if (!row.too_long.empty()) return drop_row(counts.too_long, row.too_long);
  if (row.examples.empty()) return false;
  std::size_t longest = 0;
  for (const Example& example : row.examples) {
    if (example.label_tokens() == 0) return drop_row(counts.no_labels, "the prompt leaves no room for an answer");
    longest = std::max(longest, example.tokens.size());
  }
  for (const Example& example : row.examples) count_tokens(example, counts);
  ++counts.examples;
  counts.truncated += row.truncated ? 1 : 0;
  count_length(longest, counts);
  return true;
}

}  // namespace eft
