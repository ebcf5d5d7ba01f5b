#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "data/format.h"
#include "data/length.h"
#include "data/duplicates.h"
#include "data/shuffle.h"
#include "data/source.h"
#include "data/text_format.h"

namespace eft {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
constexpr std::uint64_t kMergeStream = 0x6d65726765;      // random numbers for the order of merged rows
constexpr std::uint64_t kDatasetStream = 0x646174617365;  // for the order of the rows of one dataset

/// Where prepared datasets are read from and what with.
struct Preparation {
  const DataOptions& options;
  const std::filesystem::path& base_model;
  const Tokenizer& tokenizer;
  std::int64_t seed;
};

std::vector<RawRow> take_rows(RowSource& source) {
  std::vector<RawRow> rows;
  while (rows.size() < kRowsAtOnce) {
    auto row = source.next();
    if (!row) break;
    rows.push_back(std::move(*row));
  }
  return rows;
}

/// The examples of each row. A row that fails throws as it would alone: the first of them in the order of the file.
std::vector<std::vector<Example>> format_rows(const std::vector<RawRow>& rows, const RowFormat& format) {
  std::vector<std::vector<Example>> examples(rows.size());
  std::vector<std::exception_ptr> errors(rows.size());
  parallel_for(static_cast<std::int64_t>(rows.size()), 8, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      try {
        examples[i] = format.examples(rows[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  });
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return examples;
}

std::unique_ptr<RowFormat> choose_format(const DatasetOptions& dataset, const std::vector<RawRow>& rows,
                                         const Preparation& preparation) {
  if (!rows.empty() && TokenFormat::fits(rows[0])) return std::make_unique<TokenFormat>(preparation.tokenizer);
  return make_format(dataset, preparation.options, preparation.base_model, preparation.tokenizer);
}

void check_not_empty(const DatasetCounts& counts) {
  if (counts.rows == 0) throw DataError("{}: the dataset is empty, expected at least one row", counts.path);
  if (counts.examples > 0) return;
  throw DataError(
      "{}: nothing is left of {} rows: {} too long, {} too short, {} without a token that bears loss; the "
      "first was {}",
      counts.path, counts.rows, counts.too_long, counts.too_short, counts.no_labels,
      counts.first_dropped.empty() ? "without text" : counts.first_dropped);
}

std::vector<Example> read_dataset(const DatasetOptions& dataset, bool for_evaluation, const Preparation& preparation,
                                  DataReport& report) {
  DatasetCounts counts;
  counts.path = dataset.path;
  counts.for_evaluation = for_evaluation;
  RowSource source(dataset, for_evaluation);
  auto rows = take_rows(source);
  const auto format = choose_format(dataset, rows, preparation);
  std::vector<Example> kept;
  for (; !rows.empty(); rows = take_rows(source)) {
    counts.rows += static_cast<std::int64_t>(rows.size());
    for (std::vector<Example>& examples : format_rows(rows, *format)) {
      if (examples.empty()) ++counts.too_short;
      for (Example& example : examples) {
        if (auto fitted = fit_length(std::move(example), preparation.options, counts))
          kept.push_back(std::move(*fitted));
      }
    }
  }
  check_not_empty(counts);
  for (std::string& warning : format->warnings()) report.warnings.push_back(std::move(warning));
  report.datasets.push_back(std::move(counts));
  return kept;
}

std::vector<Example> read_all(const std::vector<DatasetOptions>& datasets, bool for_evaluation,
                              const Preparation& preparation, DataReport& report) {
  std::vector<Example> all;
  for (const DatasetOptions& dataset : datasets) {
    std::vector<Example> one = read_dataset(dataset, for_evaluation, preparation, report);
    if (!for_evaluation && datasets.size() > 1 && preparation.options.shuffle_before_merging_datasets) {
      Random random(static_cast<std::uint64_t>(preparation.seed), kDatasetStream);
      shuffle(one, random);
    }
    if (all.empty()) {
      all = std::move(one);
    } else {
      std::move(one.begin(), one.end(), std::back_inserter(all));
    }
  }
  return all;
}

/// Moves the last rows, as many as val_set_size says, out of `train`.
std::vector<Example> split_off(std::vector<Example>& train, double val_set_size) {
  if (val_set_size <= 0) return {};
  const auto rows = static_cast<std::int64_t>(train.size());
  const double wanted = val_set_size < 1 ? std::ceil(val_set_size * static_cast<double>(rows)) : val_set_size;
  if (wanted >= static_cast<double>(rows)) {
    throw DataError("val_set_size: takes {} of {} examples, expected to leave one to train on", wanted, rows);
  }
  const auto begin = train.end() - static_cast<std::ptrdiff_t>(wanted);
  std::vector<Example> eval(std::make_move_iterator(begin), std::make_move_iterator(train.end()));
  train.erase(begin, train.end());
  return eval;
}

bool shuffles(const DataOptions& options) {
  // One dataset keeps its order under curriculum_sampling; the order of several is what merging gives.
  return options.shuffle_merged_datasets && !(options.curriculum_sampling && options.datasets.size() == 1);
}

}  // namespace

PreparedData prepare_data(const DataOptions& options, const std::filesystem::path& base_model,
                          const Tokenizer& tokenizer, std::int64_t seed) {
  if (options.datasets.empty()) throw ConfigError("datasets: empty, expected at least one dataset");
  const Preparation preparation{options, base_model, tokenizer, seed};
  PreparedData data;
  data.train = read_all(options.datasets, false, preparation, data.report);
  if (shuffles(options)) {
    Random random(static_cast<std::uint64_t>(seed), kMergeStream);
    shuffle(data.train, random);
  }
  if (options.dataset_exact_deduplication) data.report.duplicates += drop_duplicates(data.train);
  data.eval = split_off(data.train, options.val_set_size);
  if (!options.test_datasets.empty()) {
    data.eval = read_all(options.test_datasets, true, preparation, data.report);
    if (options.dataset_exact_deduplication) data.report.duplicates += drop_duplicates(data.eval);
  }
  data.report.train_examples = static_cast<std::int64_t>(data.train.size());
  data.report.eval_examples = static_cast<std::int64_t>(data.eval.size());
  return data;
}

}  // namespace eft
