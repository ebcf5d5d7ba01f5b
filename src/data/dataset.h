#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/rows/findings.h"
#include "data/store/example_stream.h"
#include "data/store/examples.h"
#include "text/tokenizer.h"

namespace eft {

/// Rows that were left out for one reason.
struct Dropped {
  std::int64_t count = 0;
  std::string first;  ///< "file.jsonl:12: 4096 tokens", the first of them
};

/// Rows that cannot be used, by reason.
struct BadRows {
  std::string reason;  ///< "no field 'text'"
  Dropped rows;
};

/// What became of the rows of one entry of `datasets` or `test_datasets`.
struct DatasetCounts {
  std::string path;
  bool for_evaluation = false;  ///< from test_datasets
  std::int64_t rows = 0;        ///< read, after `split`
  std::int64_t examples = 0;    ///< made of them and kept; a completion row longer than sequence_len makes several,
                                ///< the answers to a prompt one
  Dropped bad;                  ///< cannot be used; only with on_bad_row: drop
  std::vector<BadRows> bad_reasons = {};  ///< of `bad`
  Dropped empty;                          ///< have no text
  Dropped too_long;                       ///< more than sequence_len tokens
  Dropped too_short;                      ///< fewer than min_sample_len tokens
  Dropped no_labels;                      ///< no token bears loss
  std::int64_t truncated = 0;             ///< kept, cut to sequence_len
  std::int64_t tokens = 0;                ///< of the kept examples
  std::int64_t label_tokens = 0;
  std::int64_t images = 0;                    ///< in the kept examples
  std::int64_t image_tokens = 0;              ///< that stand for them
  std::vector<DatasetFinding> findings = {};  ///< what rows hold or lack beside what they train
  std::vector<std::int64_t> lengths;          ///< lengths[b]: kept examples of 2^(b-1) to 2^b - 1 tokens
};

/// What happened to the data, for the page before step 1.
struct DataReport {
  std::vector<DatasetCounts> datasets;
  bool streams = false;  ///< examples to train on come while training
  std::int64_t train_examples = 0;
  std::int64_t eval_examples = 0;
  std::int64_t duplicates = 0;        ///< dropped by dataset_exact_deduplication
  std::vector<std::string> warnings;  ///< one line each
  std::string prepared;  ///< where the prepared rows lie, and whether they were there already; may be empty

  /// One line a dataset, then end_lines().
  std::vector<std::string> lines() const;
  /// A table of each dataset: rows, what was dropped and why, tokens, lengths.
  std::vector<std::string> tables() const;
  /// One line for the split into training and evaluation and one for `prepared`.
  std::vector<std::string> end_lines() const;
};

/// Tokenised and masked rows, in the order in which they were kept.
struct PreparedData {
  Examples train;  ///< the first few of `stream` where there is one
  Examples eval;
  std::shared_ptr<ExampleStream> stream;  ///< of pretraining_dataset, else null
  DataReport report;
};

/// Reads, renders, tokenises, masks and filters every dataset of `options`, merges them (shuffled by `seed` where
/// asked) and splits off the evaluation rows. `base_model` is the folder whose chat template `tokenizer_default` means,
/// and where the files of `tokenizer` lie. The rows are kept in a file in dataset_prepared_path and taken from there
/// when nothing they depend on has changed; with an empty path they are kept in memory. A row with a token from
/// `vocabulary` on, the rows of the model's embedding, cannot be used. With `media` rows may hold images, which it
/// makes while training; of their files only the heads are read here. Throws FileError, DataError (names file:line) or
/// ConfigError; also when nothing is left to train on.
PreparedData prepare_data(const DataOptions& options, const std::filesystem::path& base_model,
                          const Tokenizer& tokenizer, std::int64_t seed, std::int64_t vocabulary = kAnyVocabulary,
                          std::shared_ptr<const MediaDecoder> media = nullptr);

}  // namespace eft
