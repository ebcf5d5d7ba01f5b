#include "data/store/example_stream.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "data/formats/text_format.h"
#include "data/rows/length.h"

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
  Reading(const DatasetOptions& dataset, const DataOptions& options, const RowChecks& checks,
          const Tokenizer& tokenizer)
      : source(dataset, false),
        format(dataset, options, tokenizer),
        rows([this] { return source.next(); }, format, checks) {}

  void skip(std::int64_t rows_to_skip) {
    while (rows_to_skip-- > 0 && source.next()) {
    }
  }

  RowSource source;
  CompletionFormat format;
  RowPipeline rows;
};

ExampleStream::ExampleStream(const DataOptions& options, const Tokenizer& tokenizer, std::int64_t vocabulary)
    : options_(options), tokenizer_(tokenizer), vocabulary_(vocabulary) {
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
  reading_ = std::make_unique<Reading>(dataset_of(entry), options_, RowChecks(tokenizer_, vocabulary_), tokenizer_);
  reading_->skip(entry.skip);
  return true;
}

void ExampleStream::take_findings(const FormattedRow& row) {
  for (const RowFinding& finding : row.findings) {
    if (is_allowed(finding.kind, options_)) continue;
    const DatasetFinding one{finding.kind, finding.count, row.where, finding.detail};
    const std::string sentence = sentence_of(one, words_for(reading_->format, tokenizer_));
    if (is_fault(finding.kind)) throw DataError("{}: {}", row.where, sentence);
    if (std::ranges::find(found_, finding.kind) != found_.end()) continue;
    found_.push_back(finding.kind);
    note(fmt::format("{}, and so may further texts", sentence));
  }
}

void ExampleStream::take(FormattedRow row) {
  try {
    if (row.error) std::rethrow_exception(row.error);
    take_findings(row);
  } catch (const DataError& error) {
    if (options_.on_bad_row == BadRow::raise) throw;
    if (!std::exchange(told_, true)) note(fmt::format("{} (dropped, as all such rows: on_bad_row)", error.what()));
    return;
  }
  examples_ = std::move(row.examples);
  std::erase_if(examples_, [&](const Example& example) {
    return static_cast<std::int64_t>(example.tokens.size()) < shortest_of(options_) || example.label_tokens() == 0;
  });
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
