#include "data/preference/preferences.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <exception>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/parallel.h"
#include "data/rows/bad_rows.h"
#include "data/rows/length.h"
#include "data/rows/row_checks.h"
#include "data/batches/shuffle.h"
#include "data/sources/source.h"

namespace eft {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;
constexpr std::uint64_t kMergeStream = 0x6d65726765;  // random numbers for the order of merged rows

struct Preparation {
  const DataOptions& options;
  const std::filesystem::path& base_model;
  const Tokenizer& tokenizer;
  RowChecks checks;
};

/// What a row became.
struct Made {
  std::optional<Preference> preference;
  std::exception_ptr error;
  bool too_long = false;
  bool truncated = false;
};

/// Applies excess_length_strategy to the texts, as Axolotl does, before they are tokenised.
void fit(Made& made, const Preparation& preparation, std::int64_t longest) {
  Preference& row = *made.preference;
  const std::int64_t tokens = text_tokens(row, preparation.tokenizer);
  if (tokens > longest) {
    const ExcessLength strategy = preparation.options.excess_length_strategy;
    if (strategy == ExcessLength::raise) {
      throw DataError(
          "{}: prompt and answer have {} tokens, expected at most sequence_len = {}; set "
          "excess_length_strategy to drop or truncate, or raise it",
          row.source, tokens, longest);
    }
    made.truncated = strategy == ExcessLength::truncate && truncate_answers(row, preparation.tokenizer, longest);
    made.too_long = !made.truncated;
  }
  if (!made.too_long) tokenize(row, preparation.tokenizer, longest);
}

void check_vocabulary(const Preference& row, const RowChecks& checks) {
  checks.check_vocabulary(row.prompt_tokens, row.source);
  for (const Answer& answer : row.answers) checks.check_vocabulary(answer.tokens, row.source);
}

std::vector<Made> make_rows(const std::vector<RawRow>& rows, const PreferenceFormat& format,
                            const Preparation& preparation, std::int64_t longest) {
  std::vector<Made> made(rows.size());
  parallel_for(static_cast<std::int64_t>(rows.size()), 8, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      try {
        made[i].preference = format.texts(rows[i]);
        fit(made[i], preparation, longest);
        check_vocabulary(*made[i].preference, preparation.checks);
      } catch (...) {
        made[i].error = std::current_exception();
      }
    }
  });
  return made;
}

std::int64_t answer_tokens(const Preference& row) {
  std::int64_t sum = 0;
  for (const Answer& answer : row.answers) sum += static_cast<std::int64_t>(answer.tokens.size());
  return sum;
}

void count_kept(const Preference& row, bool truncated, DatasetCounts& counts) {
  ++counts.examples;
  counts.truncated += truncated ? 1 : 0;
  counts.label_tokens += answer_tokens(row);
  counts.tokens += answer_tokens(row) + static_cast<std::int64_t>(row.prompt_tokens.size());
  const auto bucket = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(row.tokens())));
  if (bucket >= counts.lengths.size()) counts.lengths.resize(bucket + 1);
  ++counts.lengths[bucket];
}

void take(Made& made, const DataOptions& options, const FindingWords& words, DatasetCounts& counts,
          std::vector<Preference>& kept) {
  ++counts.rows;
  if (made.error) {
    try {
      std::rethrow_exception(made.error);
    } catch (const DataError& fault) {
      if (options.on_bad_row == BadRow::raise) throw;
      return count_bad(counts, fault.what());
    }
  }
  const Preference& row = *made.preference;
  if (!take_findings(row.findings, row.source, options, words, counts)) return;
  if (made.too_long) {
    return count_dropped(counts.too_long, fmt::format("{}: longer than {} tokens", row.source, options.sequence_len));
  }
  count_kept(row, made.truncated, counts);
  kept.push_back(std::move(*made.preference));
}

std::vector<RawRow> take_rows(RowSource& source) {
  std::vector<RawRow> rows;
  while (rows.size() < kRowsAtOnce) {
    auto row = source.next();
    if (!row) break;
    rows.push_back(std::move(*row));
  }
  return rows;
}

std::vector<Preference> read_dataset(const DatasetOptions& dataset, bool for_evaluation, const Preparation& preparation,
                                     DataReport& report) {
  DatasetCounts counts;
  counts.path = dataset.path;
  counts.for_evaluation = for_evaluation;
  const auto format =
      make_preference_format(dataset, preparation.options, preparation.base_model, preparation.tokenizer);
  const std::int64_t longest = longest_of(preparation.options, for_evaluation);
  const FindingWords words{.template_name = format->template_name(), .bos = preparation.tokenizer.bos_token()};
  RowSource source(dataset, for_evaluation);
  std::vector<Preference> kept;
  for (auto rows = take_rows(source); !rows.empty(); rows = take_rows(source)) {
    for (Made& made : make_rows(rows, *format, preparation, longest))
      take(made, preparation.options, words, counts, kept);
  }
  report_findings(counts, preparation.options, words, report);
  if (counts.rows == 0) throw DataError("{}: the dataset is empty, expected at least one row", counts.path);
  if (kept.empty()) {
    throw DataError("{}: nothing is left of {} rows: {} cannot be used, {} too long; one of them is {}", counts.path,
                    counts.rows, counts.bad.count, counts.too_long.count,
                    counts.bad.count > 0 ? counts.bad.first : counts.too_long.first);
  }
  report.datasets.push_back(std::move(counts));
  return kept;
}

std::vector<Preference> read_all(const std::vector<DatasetOptions>& datasets, bool for_evaluation,
                                 const Preparation& preparation, DataReport& report) {
  std::vector<Preference> all;
  for (const DatasetOptions& dataset : datasets) {
    std::vector<Preference> one = read_dataset(dataset, for_evaluation, preparation, report);
    std::move(one.begin(), one.end(), std::back_inserter(all));
  }
  return all;
}

/// Keeps the first of rows with the same texts. Returns how many went.
std::int64_t drop_duplicates(std::vector<Preference>& rows) {
  std::set<std::vector<std::string>> seen;
  return static_cast<std::int64_t>(std::erase_if(rows, [&](const Preference& row) {
    std::vector<std::string> texts = {row.prompt, row.label.value_or(false) ? "good" : ""};
    for (const Answer& answer : row.answers) texts.push_back(answer.text);
    return !seen.insert(std::move(texts)).second;
  }));
}

std::vector<Preference> split_off(std::vector<Preference>& train, double val_set_size) {
  if (val_set_size <= 0) return {};
  const auto rows = static_cast<double>(train.size());
  const double wanted = val_set_size < 1 ? std::ceil(val_set_size * rows) : val_set_size;
  if (wanted >= rows) {
    throw DataError("val_set_size: takes {} of {} rows, expected to leave one to train on", wanted, rows);
  }
  const auto begin = train.end() - static_cast<std::ptrdiff_t>(wanted);
  std::vector<Preference> eval(std::make_move_iterator(begin), std::make_move_iterator(train.end()));
  train.erase(begin, train.end());
  return eval;
}

}  // namespace

PreparedPreferences prepare_preferences(const DataOptions& options, const std::filesystem::path& base_model,
                                        const Tokenizer& tokenizer, std::int64_t seed, std::int64_t vocabulary) {
  const Preparation preparation{options, base_model, tokenizer, RowChecks(tokenizer, vocabulary)};
  PreparedPreferences data;
  data.train = read_all(options.datasets, false, preparation, data.report);
  if (options.shuffle_merged_datasets) {
    Random random(static_cast<std::uint64_t>(seed), kMergeStream);
    shuffle(data.train, random);
  }
  if (options.dataset_exact_deduplication) data.report.duplicates += drop_duplicates(data.train);
  data.eval = split_off(data.train, options.val_set_size);
  if (!options.test_datasets.empty()) data.eval = read_all(options.test_datasets, true, preparation, data.report);
  data.report.train_examples = static_cast<std::int64_t>(data.train.size());
  data.report.eval_examples = static_cast<std::int64_t>(data.eval.size());
  return data;
}

std::string dump_preference(const Preference& preference) {
  nlohmann::ordered_json row;
  const std::vector<std::string> names =
      preference.label ? std::vector<std::string>{"completion"} : std::vector<std::string>{"chosen", "rejected"};
  row["prompt"] = preference.prompt;
  for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = preference.answers[i].text;
  if (preference.label) row["label"] = *preference.label;
  row["prompt_ids"] = preference.prompt_tokens;
  for (std::size_t i = 0; i < names.size(); ++i) row[names[i] + "_ids"] = preference.answers[i].tokens;
  const auto colon = preference.source.rfind(':');
  row["source"] = preference.source.substr(0, colon);
  if (colon != std::string::npos) row["row"] = std::atoll(preference.source.c_str() + colon + 1);
  return row.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string show_preference(const Preference& preference) {
  std::string text = preference.prompt;
  for (std::size_t i = 0; i < preference.answers.size(); ++i) {
    const char* name = i == 0 ? "chosen" : "rejected";
    if (preference.label) name = *preference.label ? "good" : "bad";
    text += fmt::format("\n[{}] «{}»", name, preference.answers[i].text);
  }
  return text;
}

}  // namespace eft
