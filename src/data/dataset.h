#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/example.h"
#include "text/tokenizer.h"

namespace eft {

/// What became of the rows of one entry of `datasets` or `test_datasets`.
struct DatasetCounts {
  std::string path;
  bool for_evaluation = false;  ///< from test_datasets
  std::int64_t rows = 0;        ///< read, after `split`
  std::int64_t examples = 0;    ///< made of them and kept; a completion row longer than sequence_len makes several
  std::int64_t too_long = 0;    ///< dropped: more than sequence_len tokens
  std::int64_t too_short = 0;   ///< dropped: fewer than min_sample_len tokens
  std::int64_t no_labels = 0;   ///< dropped: no token bears loss
  std::int64_t truncated = 0;   ///< kept, cut to sequence_len
  std::int64_t tokens = 0;      ///< of the kept examples
  std::int64_t label_tokens = 0;
  std::string first_dropped;  ///< "file.jsonl:12: 4096 tokens", the first row that was dropped, if any
};

/// What happened to the data, for the page before step 1.
struct DataReport {
  std::vector<DatasetCounts> datasets;
  std::int64_t train_examples = 0;
  std::int64_t eval_examples = 0;
  std::int64_t duplicates = 0;        ///< dropped by dataset_exact_deduplication
  std::vector<std::string> warnings;  ///< one line each

  /// One line a dataset, then one for the split into training and evaluation.
  std::vector<std::string> lines() const;
};

/// Tokenised and masked rows, in the order in which they were kept.
struct PreparedData {
  std::vector<Example> train;
  std::vector<Example> eval;
  DataReport report;
};

/// Reads, renders, tokenises, masks and filters every dataset of `options`, merges them (shuffled by `seed` where
/// asked) and splits off the evaluation rows. `base_model` is the folder whose chat template `tokenizer_default` means.
/// Throws FileError, DataError (names file:line) or ConfigError; also when nothing is left to train on.
PreparedData prepare_data(const DataOptions& options, const std::filesystem::path& base_model,
                          const Tokenizer& tokenizer, std::int64_t seed);

}  // namespace eft
