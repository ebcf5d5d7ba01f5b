#include "data/store/example_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/text_format.h"

namespace eft {
namespace {

DatasetOptions dataset_of(const PretrainingOptions& options) {
  DatasetOptions dataset;
  dataset.path = options.path;
  dataset.type = DatasetType::completion;
  dataset.ds_type = options.ds_type;
  dataset.split = options.split;
  dataset.data_files = options.data_files;
  dataset.field = options.text_column;
  return dataset;
}

}  // namespace

/// One entry of pretraining_dataset at work.
struct ExampleStream::Reading {
  Reading(const DatasetOptions& dataset, const DataOptions& options, const Tokenizer& tokenizer, std::int64_t skip)
      : source(dataset, false), format(dataset, options, tokenizer), rows([this] { return source.next(); }, format) {
    while (skip-- > 0 && source.next()) {
    }
  }

  RowSource source;
  CompletionFormat format;
  RowPipeline rows;
};

ExampleStream::ExampleStream(const DataOptions& options, const Tokenizer& tokenizer)
    : options_(options), tokenizer_(tokenizer), vocabulary_(std::numeric_limits<std::int32_t>::max()) {
  expect(!options.pretraining_dataset.empty(), "a pretraining_dataset");
}

ExampleStream::~ExampleStream() = default;

void ExampleStream::restart() {
  entry_ = 0;
  reading_.reset();
  examples_.clear();
}

bool ExampleStream::open_next() {
  if (entry_ == options_.pretraining_dataset.size()) return false;
  const PretrainingOptions& entry = options_.pretraining_dataset[entry_++];
  reading_ = std::make_unique<Reading>(dataset_of(entry), options_, tokenizer_, entry.skip);
  return true;
}

void ExampleStream::take(FormattedRow row) {
  try {
    if (row.error) std::rethrow_exception(row.error);
  } catch (const DataError& error) {
    if (options_.on_bad_row == BadRow::raise) throw;
    if (!std::exchange(told_, true)) note(fmt::format("{} (dropped, as all such rows: on_bad_row)", error.what()));
    return;
  }
  examples_ = std::move(row.examples);
  std::erase_if(examples_, [&](const Example& example) {
    return static_cast<std::int64_t>(example.tokens.size()) < options_.min_sample_len || example.label_tokens() == 0;
  });
  for (const Example& example : examples_) {
    const std::int32_t largest = std::ranges::max(example.tokens);
    if (largest < vocabulary_) continue;
    throw ConfigError("{}: token {} is outside the model's vocabulary of {}; is it another model's tokenizer?",
                      example.source, largest, vocabulary_);
  }
  std::ranges::reverse(examples_);
}

std::optional<Example> ExampleStream::next() {
  while (examples_.empty()) {
    if (!reading_ && !open_next()) return std::nullopt;
    if (auto row = reading_->rows.next()) {
      take(std::move(*row));
    } else {
      reading_.reset();
    }
  }
  Example example = std::move(examples_.back());
  examples_.pop_back();
  return example;
}

}  // namespace eft
