#include "data/dataset.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <functional>
#include <utility>

#include "base/cache_folder.h"
#include "base/error.h"
#include "base/file.h"
#include "data/rows/bad_rows.h"
#include "data/rows/duplicates.h"
#include "data/formats/format.h"
#include "data/preference/preference_rows.h"
#include "data/rows/length.h"
#include "data/store/prepared_rows.h"
#include "data/rows/row_pipeline.h"
#include "data/batches/shuffle.h"
#include "data/sources/source.h"
#include "data/formats/text_format.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFirstOfStream = 8;
constexpr std::uint64_t kMergeStream = 0x6d65726765;      // random numbers for the order of merged rows
constexpr std::uint64_t kDatasetStream = 0x646174617365;  // for the order of the rows of one dataset

/// What datasets are prepared with.
struct Preparation {
  const DataOptions& options;
  const fs::path& base_model;
  const Tokenizer& tokenizer;
  std::int64_t vocabulary;
  std::shared_ptr<const MediaDecoder> media;
};

/// One entry of `datasets` or `test_datasets` with its rows.
struct DatasetInput {
  const DatasetOptions& dataset;
  bool for_evaluation = false;
  RowSource source;
};

std::unique_ptr<RowFormat> choose_format(const DatasetOptions& dataset, const std::optional<RawRow>& first,
                                         const Preparation& preparation, bool for_evaluation) {
  if (preparation.options.rl) {
    return std::make_unique<PreferenceRows>(
        make_preference_format(dataset, preparation.options, preparation.base_model, preparation.tokenizer),
        preparation.options, preparation.tokenizer, longest_of(preparation.options, for_evaluation));
  }
  if (first && TokenFormat::fits(*first)) return std::make_unique<TokenFormat>(preparation.tokenizer);
  if (dataset.type == DatasetType::untyped) refuse_untyped(dataset, first);
  return make_format(dataset, preparation.options, preparation.base_model, preparation.tokenizer,
                     preparation.media != nullptr ? &preparation.media->layout() : nullptr);
}

void check_not_empty(const DatasetCounts& counts) {
  if (counts.rows == 0) throw DataError("{}: the dataset is empty, expected at least one row", counts.path);
  if (counts.examples > 0) return;
  const std::array reasons = {&counts.bad, &counts.too_long, &counts.too_short, &counts.no_labels, &counts.empty};
  const auto first = std::ranges::find_if(reasons, [](const Dropped* dropped) { return dropped->count > 0; });
  throw DataError(
      "{}: nothing is left of {} rows: {} cannot be used, {} too long, {} too short, {} without a token "
      "that bears loss, {} without text; one of them is {}",
      counts.path, counts.rows, counts.bad.count, counts.too_long.count, counts.too_short.count, counts.no_labels.count,
      counts.empty.count, (*first)->first);
}

/// Counts a row that cannot be used, or throws what is wrong with it.
void take_error(const std::exception_ptr& error, const DataOptions& options, DatasetCounts& counts) {
  try {
    std::rethrow_exception(error);
  } catch (const DataError& fault) {
    if (options.on_bad_row == BadRow::raise) throw;
    count_bad(counts, fault.what());
  }
}

/// Writes what is left of a row. The answers of a preference stay or go together.
void write_examples(FormattedRow& row, const DataOptions& options, DatasetCounts& counts, ExampleWriter& writer) {
  if (row.examples.empty() && row.too_long.empty()) count_dropped(counts.empty, fmt::format("row {}", counts.rows));
  if (options.rl) {
    if (!keep_preference(row, counts)) return;
    for (const Example& example : row.examples) writer.add(example);
    return;
  }
  for (Example& example : row.examples) {
    if (const auto fitted = fit_length(std::move(example), options, counts, row.unlabelled)) writer.add(*fitted);
  }
}

void prepare_dataset(DatasetInput& input, const Preparation& preparation, ExampleWriter& writer, DataReport& report) {
  DatasetCounts counts;
  counts.path = input.dataset.path;
  counts.for_evaluation = input.for_evaluation;
  std::optional<RawRow> first = input.source.next();
  const auto format = choose_format(input.dataset, first, preparation, input.for_evaluation);
  const auto next = [&]() -> std::optional<RawRow> {
    if (!first) return input.source.next();
    return std::exchange(first, std::nullopt);
  };
  const FindingWords words = words_for(*format, preparation.tokenizer);
  RowPipeline rows(next, *format, RowChecks(preparation.tokenizer, preparation.vocabulary));
  while (auto row = rows.next()) {
    ++counts.rows;
    if (row->error) {
      take_error(row->error, preparation.options, counts);
      continue;
    }
    if (!take_findings(row->findings, row->where, preparation.options, words, counts)) continue;
    write_examples(*row, preparation.options, counts, writer);
  }
  report_findings(counts, preparation.options, words, report);
  check_not_empty(counts);
  for (std::string& warning : format->warnings()) report.warnings.push_back(std::move(warning));
  report.datasets.push_back(std::move(counts));
}

void prepare_all(std::vector<DatasetInput>& inputs, const Preparation& preparation, const ExampleWriter::Sink& sink) {
  ExampleWriter writer(sink);
  DataReport report;
  for (DatasetInput& input : inputs) prepare_dataset(input, preparation, writer, report);
  writer.finish(notes_of(report));
}

std::vector<DatasetInput> open_inputs(const DataOptions& options) {
  std::vector<DatasetInput> inputs;
  for (const DatasetOptions& dataset : options.datasets) inputs.push_back({dataset, false, RowSource(dataset, false)});
  for (const DatasetOptions& dataset : options.test_datasets) {
    inputs.push_back({dataset, true, RowSource(dataset, true)});
  }
  return inputs;
}

/// The folder that keeps prepared rows, empty for none; `how` says why where nobody chose none.
fs::path prepared_folder(const DataOptions& options, std::string& how) {
  if (options.dataset_prepared_path) return *options.dataset_prepared_path;
  const fs::path cache = user_cache_folder();
  if (!cache.empty()) return cache / "eft" / "prepared";
  how = "cache off, since neither XDG_CACHE_HOME nor HOME is set";
  return {};
}

fs::path prepared_path(const fs::path& folder, const std::vector<DatasetInput>& inputs,
                       const Preparation& preparation) {
  std::vector<fs::path> files;
  for (const DatasetInput& input : inputs) {
    files.insert(files.end(), input.source.files().begin(), input.source.files().end());
  }
  const std::string name = prepared_name(preparation.options, preparation.base_model, preparation.vocabulary, files,
                                         preparation.media != nullptr ? &preparation.media->layout() : nullptr);
  return folder / (name + ".examples");
}

/// What lies in `path`, if it is whole.
std::shared_ptr<const ExampleStore> kept_rows(const fs::path& path, std::string& what) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return nullptr;
  try {
    auto store = ExampleStore::open(path);
    report_of(store->notes());
    return store;
  } catch (const DataError& error) {
    what = " in the place of a broken file";
    return nullptr;
  }
}

/// Two runs may prepare the same rows at once: each writes a file of its own, and the last one to finish leaves its.
void write_rows(const fs::path& path, const std::function<void(const ExampleWriter::Sink&)>& prepare) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) {
    throw FileError("{}: cannot make the folder: {}; set dataset_prepared_path", path.parent_path().string(),
                    error.message());
  }
  fs::path own = path;
  own += "." + std::to_string(::getpid());
  AtomicFile file(own);
  prepare([&](std::string_view bytes) { file.write(bytes); });
  file.commit();
  fs::rename(own, path, error);
  if (error) throw FileError("{}: cannot rename to {}: {}", own.string(), path.string(), error.message());
}

/// The rows of all datasets, in the order of their files, and what happened to them.
std::shared_ptr<const ExampleStore> prepared_rows(const Preparation& preparation, DataReport& report) {
  std::vector<DatasetInput> inputs = open_inputs(preparation.options);
  const auto prepare = [&](const ExampleWriter::Sink& sink) { prepare_all(inputs, preparation, sink); };
  std::shared_ptr<const ExampleStore> store;
  std::string how;
  const fs::path folder = prepared_folder(preparation.options, how);
  if (folder.empty()) {
    std::string bytes;
    prepare([&](std::string_view part) { bytes += part; });
    store = ExampleStore::of(std::move(bytes));
  } else {
    const fs::path path = prepared_path(folder, inputs, preparation);
    std::string place;
    store = kept_rows(path, place);
    how = fmt::format("cache {}, {}{}", store ? "hit" : "miss", path.string(), place);
    if (!store) {
      write_rows(path, prepare);
      store = ExampleStore::open(path);
    }
  }
  const bool streams = report.streams;
  report = report_of(store->notes());
  report.streams = streams;
  report.prepared = std::move(how);
  return store;
}

using Order = std::vector<std::uint32_t>;

/// The units of the datasets for training or evaluation, one dataset after the other.
Order merged_order(const ExampleStore& store, const DataReport& report, bool for_evaluation, bool shuffle_each,
                   std::uint64_t seed) {
  Order order;
  std::uint32_t begin = 0;
  for (const DatasetCounts& counts : report.datasets) {
    Order one(static_cast<std::size_t>(counts.examples));
    for (std::uint32_t& unit : one) unit = std::exchange(begin, begin + store.entry(begin).members());
    if (counts.for_evaluation != for_evaluation) continue;
    if (shuffle_each) {
      Random random(seed, kDatasetStream);
      shuffle(one, random);
    }
    order.insert(order.end(), one.begin(), one.end());
  }
  return order;
}

/// Moves the last rows, as many as val_set_size says, out of `train`.
Order split_off(Order& train, double val_set_size) {
  if (val_set_size <= 0) return {};
  const auto rows = static_cast<std::int64_t>(train.size());
  const double wanted = val_set_size < 1 ? std::ceil(val_set_size * static_cast<double>(rows)) : val_set_size;
  if (wanted >= static_cast<double>(rows)) {
    throw DataError("val_set_size: takes {} of {} examples, expected to leave one to train on", wanted, rows);
  }
  const auto begin = train.end() - static_cast<std::ptrdiff_t>(wanted);
  Order eval(begin, train.end());
  train.erase(begin, train.end());
  return eval;
}

/// The first examples tell a run's checks what the others are like.
void open_stream(const Preparation& preparation, PreparedData& data) {
  data.stream = std::make_shared<ExampleStream>(preparation.options, preparation.tokenizer, preparation.vocabulary);
  std::vector<Example> first;
  while (first.size() < kFirstOfStream) {
    auto example = data.stream->next();
    if (!example) break;
    first.push_back(std::move(*example));
  }
  if (first.empty()) throw DataError("pretraining_dataset: no text in it, expected at least one");
  data.stream->restart();
  data.train = Examples(first);
}

bool shuffles(const DataOptions& options) {
  // One dataset keeps its order under curriculum_sampling; the order of several is what merging gives.
  return options.shuffle_merged_datasets && !(options.curriculum_sampling && options.datasets.size() == 1);
}

}  // namespace

PreparedData prepare_data(const DataOptions& options, const fs::path& base_model, const Tokenizer& tokenizer,
                          std::int64_t seed, std::int64_t vocabulary, std::shared_ptr<const MediaDecoder> media) {
  const Preparation preparation{options, base_model, tokenizer, vocabulary, media};
  const bool streams = !options.pretraining_dataset.empty();
  if (options.datasets.empty() && !streams) throw ConfigError("datasets: empty, expected at least one dataset");
  PreparedData data;
  if (streams) open_stream(preparation, data);
  data.report.streams = streams;
  if (streams && options.test_datasets.empty()) return data;
  const auto store = prepared_rows(preparation, data.report);
  const bool shuffle_each = options.datasets.size() > 1 && options.shuffle_before_merging_datasets;
  Order train = merged_order(*store, data.report, false, shuffle_each, static_cast<std::uint64_t>(seed));
  if (shuffles(options)) {
    Random random(static_cast<std::uint64_t>(seed), kMergeStream);
    shuffle(train, random);
  }
  if (options.dataset_exact_deduplication) data.report.duplicates += drop_duplicates(train, *store);
  Order eval = split_off(train, options.val_set_size);
  if (!options.test_datasets.empty()) {
    eval = merged_order(*store, data.report, true, false, 0);
    if (options.dataset_exact_deduplication) data.report.duplicates += drop_duplicates(eval, *store);
  }
  data.report.train_examples = static_cast<std::int64_t>(train.size());
  data.report.eval_examples = static_cast<std::int64_t>(eval.size());
  if (!streams) data.train = Examples(store, std::move(train), media);
  data.eval = Examples(store, std::move(eval), media);
  return data;
}

}  // namespace eft
